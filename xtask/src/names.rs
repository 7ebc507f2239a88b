//! Short names for what the first part of the module and its script give each other.
//!
//! wasm-opt renames the module's side and prints the old names with the new ones; here the same is
//! done in the two scripts that wasm-bindgen and wasm-split wrote. What is not found where it is
//! expected is an error: the tools' output has then another form than the one that this was
//! written for.

use crate::run::Outcome;

/// The script of wasm-split, as a module's import and in the scripts.
const LOADER: &str = "\"./__wasm_split.js\": import1,";
const GLUE: &str = "\"./packetyard-web_bg.js\": import0,";

#[derive(Debug, Default)]
pub struct Names {
    /// Module, old name, new name.
    imports: Vec<[String; 3]>,
    /// Old name, new name.
    exports: Vec<[String; 2]>,
}

impl Names {
    /// From what `wasm-opt --minify-imports-and-exports-and-modules` prints: a line for each.
    pub fn read(printed: &str) -> Outcome<Names> {
        let mut names = Names::default();
        for line in printed.lines() {
            let mut quoted = line.split('"').skip(1).step_by(2).map(str::to_owned);
            let fields = [quoted.next(), quoted.next(), quoted.next()];
            match fields {
                [Some(module), Some(old), Some(new)] => names.imports.push([module, old, new]),
                [Some(old), Some(new), None] => names.exports.push([old, new]),
                _ => {}
            }
        }
        let is_whole = !names.imports.is_empty() && !names.exports.is_empty();
        is_whole.then_some(names).ok_or_else(|| format!("wasm-opt printed no names: {printed}"))
    }

    /// wasm-bindgen's script. All modules are one now, by the name of `a`.
    pub fn in_glue(&self, text: &str) -> Outcome<String> {
        let mut text = text.to_owned();
        let mut others = String::new();
        for [module, old, new] in &self.imports {
            match module.ends_with("_bg.js") {
                true => text = replaced(&text, &format!(" {old}:"), &format!(" {new}:"))?,
                false => others.push_str(&format!(" {new}: import1.{old},")),
            }
        }
        text = replaced(&text, GLUE, &format!("a: {{ __proto__: null, ...import0,{others} }},"))?;
        text = replaced(&text, LOADER, "")?;
        Ok(self.in_uses(&text))
    }

    /// `wasm.old` becomes `wasm.new`.
    fn in_uses(&self, text: &str) -> String {
        let mut pieces = text.split("wasm.");
        let mut out = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let end = piece.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(piece.len());
            let (name, rest) = piece.split_at(end);
            let new = self.exports.iter().find(|[old, _]| old == name);
            out.push_str("wasm.");
            out.push_str(new.map_or(name, |[_, new]| new));
            out.push_str(rest);
        }
        out
    }

    /// wasm-split's script takes three of the first part's exports for the second part, which
    /// still knows them by their old names.
    pub fn in_loader(&self, text: &str) -> Outcome<String> {
        let (from, to) = ("const {", "} = initSync");
        let wanted = text.split_once(from).and_then(|(_, rest)| rest.split_once(to));
        let (wanted, _) = wanted.ok_or("wasm-split's script takes nothing from the first part")?;
        let mut renamed = String::new();
        for old in wanted.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let new = self.exports.iter().find(|[name, _]| name == old);
            let [_, new] = new.ok_or_else(|| format!("the first part does not export {old}"))?;
            renamed.push_str(&format!(" {new}: {old},"));
        }
        replaced(text, &format!("{from}{wanted}{to}"), &format!("{from}{renamed} {to}"))
    }
}

/// What stands in the text exactly once, replaced.
fn replaced(text: &str, old: &str, new: &str) -> Outcome<String> {
    match text.matches(old).count() {
        1 => Ok(text.replacen(old, new, 1)),
        found => Err(format!("a script of the module has `{old}` {found} times, not once")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = r#"{
 "imports": [
  ["./packetyard-web_bg.js", "__wbg_key_76", "$c"],
  ["./__wasm_split.js", "load_later", "bd"],
 ],
"exports": [
  ["memory", "i"],
  ["memory_limit", "j"]
 ]
}"#;

    #[test]
    fn both_sides_get_the_same_names() {
        let names = Names::read(PRINTED).expect("names");
        let glue = "const import0 = {\n __wbg_key_76: f, };\n x = wasm.memory; wasm.memory_limit(wasm.other);\n\
            return { \"./packetyard-web_bg.js\": import0,\n \"./__wasm_split.js\": import1,\n }";
        let expected = "const import0 = {\n $c: f, };\n x = wasm.i; wasm.j(wasm.other);\n\
            return { a: { __proto__: null, ...import0, bd: import1.load_later, },\n \n }";
        assert_eq!(names.in_glue(glue).as_deref(), Ok(expected));
        let loader = "const { memory,  } = initSync(undefined);";
        assert_eq!(names.in_loader(loader).as_deref(), Ok("const { i: memory, } = initSync(undefined);"));
    }

    #[test]
    fn output_of_another_form_is_an_error() {
        let names = Names::read(PRINTED).expect("names");
        assert!(names.in_glue("nothing of this").is_err());
        assert!(names.in_loader("nothing of this").is_err());
        assert!(Names::read("{}").is_err());
    }
}
