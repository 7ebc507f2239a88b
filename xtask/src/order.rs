//! The order in which a module's functions stand. It means nothing to the module, but much to
//! compression: a function costs least beside the one that it is most like.
//!
//! wasm-opt can sort functions by their names. So each function gets a number for a name, and
//! wasm-opt does the rest: nothing here has to know what refers to what.

use crate::run::Outcome;
use std::collections::BTreeMap;

/// The module, with functions named in the order in which they should stand.
pub fn named_by_likeness(module: &[u8]) -> Outcome<Vec<u8>> {
    let parts = parts(module).ok_or("the module cannot be read: its sections have another form")?;
    let order = by_likeness(&parts.bodies);
    let mut name_of = vec![0; order.len()];
    for (place, function) in order.into_iter().enumerate() {
        name_of[function] = place;
    }
    let mut names = Vec::new();
    write_u32(&mut names, name_of.len());
    for (function, place) in name_of.into_iter().enumerate() {
        write_u32(&mut names, parts.imported + function);
        write_text(&mut names, &format!("{place:06}"));
    }
    Ok([module, &name_section(&names)].concat())
}

struct Parts<'a> {
    /// How many functions are imported: the module's own are numbered after them.
    imported: usize,
    bodies: Vec<&'a [u8]>,
}

const IMPORTS: u8 = 2;
const CODE: u8 = 10;
const CUSTOM: u8 = 0;

/// <https://webassembly.github.io/spec/core/binary/modules.html>
fn parts(module: &[u8]) -> Option<Parts<'_>> {
    let mut rest = Reader(module.strip_prefix(b"\0asm\x01\0\0\0")?);
    let mut parts = Parts { imported: 0, bodies: Vec::new() };
    while !rest.0.is_empty() {
        let id = rest.byte()?;
        let mut section = Reader(rest.sized()?);
        match id {
            IMPORTS => parts.imported = imported_functions(&mut section)?,
            CODE => {
                for _ in 0..section.u32()? {
                    parts.bodies.push(section.sized()?);
                }
            }
            CUSTOM if section.sized()? == b"name" => return None,
            _ => {}
        }
    }
    Some(parts)
}

fn imported_functions(section: &mut Reader) -> Option<usize> {
    let mut functions = 0;
    for _ in 0..section.u32()? {
        section.sized()?;
        section.sized()?;
        match section.byte()? {
            0 => {
                section.u32()?;
                functions += 1;
            }
            1 => {
                section.byte()?;
                section.limits()?;
            }
            2 => section.limits()?,
            3 => section.0 = section.0.get(2..)?,
            _ => return None,
        }
    }
    Some(functions)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn u32(&mut self) -> Option<usize> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn sized(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()?;
        let (first, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(first)
    }

    fn limits(&mut self) -> Option<()> {
        let has_most = self.byte()? & 1 == 1;
        self.u32()?;
        if has_most {
            self.u32()?;
        }
        Some(())
    }
}

fn write_u32(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    write_u32(out, text.len());
    out.extend(text.bytes());
}

fn name_section(functions: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    write_text(&mut body, "name");
    body.push(1);
    write_u32(&mut body, functions.len());
    body.extend(functions);
    let mut section = vec![CUSTOM];
    write_u32(&mut section, body.len());
    section.extend(body);
    section
}

/// Goes from each function to the most alike of those that are left, and begins with the largest.
fn by_likeness(bodies: &[&[u8]]) -> Vec<usize> {
    let pieces: Vec<Vec<u32>> = bodies.iter().map(|body| pieces(body)).collect();
    let mut with: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (function, pieces) in pieces.iter().enumerate() {
        for piece in pieces {
            with.entry(*piece).or_default().push(function);
        }
    }
    let mut left: Vec<bool> = vec![true; bodies.len()];
    let mut order = Vec::with_capacity(bodies.len());
    let mut next = (0..bodies.len()).max_by_key(|function| (bodies[*function].len(), usize::MAX - function));
    while let Some(this) = next {
        left[this] = false;
        order.push(this);
        let mut shared = vec![0; bodies.len()];
        for piece in &pieces[this] {
            let others = with.get_mut(piece).expect("each piece was counted above");
            others.retain(|other| left[*other]);
            others.iter().for_each(|other| shared[*other] += 1);
        }
        next = (0..bodies.len()).filter(|other| left[*other]).max_by_key(|other| {
            let all = pieces[this].len() + pieces[*other].len() - shared[*other];
            (shared[*other] * 1_000_000 / all.max(1), usize::MAX - other)
        });
    }
    order
}

/// Which runs of three bytes are in it.
fn pieces(body: &[u8]) -> Vec<u32> {
    let mut pieces: Vec<u32> =
        body.windows(3).map(|run| u32::from_le_bytes([run[0], run[1], run[2], 0])).collect();
    pieces.sort_unstable();
    pieces.dedup();
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module of one import and of functions with these bodies.
    fn module(bodies: &[&[u8]]) -> Vec<u8> {
        let mut code = Vec::new();
        write_u32(&mut code, bodies.len());
        for body in bodies {
            write_u32(&mut code, body.len());
            code.extend(*body);
        }
        let mut module = b"\0asm\x01\0\0\0\x02\x07\x01\x01a\x01b\x00\x00".to_vec();
        module.push(CODE);
        write_u32(&mut module, code.len());
        module.extend(code);
        module
    }

    #[test]
    fn what_is_alike_stands_side_by_side() {
        let bodies: [&[u8]; 4] = [b"abcdefgh", b"012345678901", b"abcdefxx", b"0123456789yy"];
        assert_eq!(by_likeness(&bodies), [1, 3, 0, 2]);
    }

    #[test]
    fn the_names_follow_the_module() {
        let module = module(&[b"abcdefgh", b"0123456789"]);
        let named = named_by_likeness(&module).expect("a module");
        assert!(named.starts_with(&module));
        // The first function after the import comes second.
        assert!(named.ends_with(b"\x02\x01\x06000001\x02\x06000000"));
    }

    #[test]
    fn what_is_no_module_is_an_error() {
        assert!(named_by_likeness(b"text").is_err());
        assert!(named_by_likeness(b"\0asm\x01\0\0\0\x0a\x7f").is_err());
    }
}
