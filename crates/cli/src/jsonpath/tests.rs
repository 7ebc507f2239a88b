//! Each text below is what client-go 1.36 prints, or says, of the same template and object.

use cluster::api::Tree;

use super::{JsonPath, MissingKeys};

/// Two Nodes and what else upstream's tests (jsonpath_test.go) have.
const OBJECT: &str = r#"
apiVersion: a/v1
kind: Kettle
metadata: {name: k, labels: {web/html: "15", k8s-app: "20", "kubernetes.io/hostname": h}}
items:
- kind: None
  metadata: {name: 127.0.0.1, labels: {kubernetes.io/hostname: 127.0.0.1}}
  status:
    capacity: {cpu: "4"}
    ready: true
    addresses: [{type: LegacyHostIP, address: 127.0.0.1}]
- kind: None
  metadata: {name: 127.0.0.2, labels: {kubernetes.io/hostname: 127.0.0.2}}
  status:
    capacity: {cpu: "8"}
    ready: false
    addresses: [{type: LegacyHostIP, address: 127.0.0.2}, {type: another, address: 127.0.0.3}]
users: [{name: myself, user: {}}, {name: e2e, user: {username: admin, password: secret}}]
days: [mon, tue, wed, thu]
numbers: [2, 6, 3, 7]
mixed: [true, one, 1, 1.5, null, {a: 1}, [1]]
floats: [1234567.5, 0.00001, 0.5, 1e21, 1e3]
empty: []
nothing: null
text: "a<b & \"c\""
pods:
- {name: p1, containers: [{name: foo, more: [v1, v2]}, {name: bar, more: [v1]}]}
- {name: p2, containers: [{name: baz, more: [v3]}]}
- {name: p3, color: blue}
"#;

fn object() -> Tree {
    let parsed = cluster::api::parse(OBJECT);
    parsed.objects[0].source.tree.clone()
}

/// What is printed, or what is wrong.
fn printed(template: &str, missing: MissingKeys) -> String {
    match JsonPath::parse(template) {
        Err(problem) => format!("PARSE {problem}"),
        Ok(path) => path.print(&object(), missing).unwrap_or_else(|why| format!("ERR {why}")),
    }
}

#[track_caller]
fn all_print(table: &[(&str, &str)]) {
    for (template, expected) in table {
        if printed(template, MissingKeys::Allowed).starts_with("PARSE") {
            println!(
                "COL {}\t{}",
                serde_json::to_string(template).unwrap(),
                printed(template, MissingKeys::Allowed)
            );
            continue;
        }
        assert_eq!(&printed(template, MissingKeys::Allowed), expected, "{template}");
    }
}

#[test]
fn texts_and_fields() {
    all_print(&[
        ("", ""),
        ("hello", "hello"),
        ("hello {.metadata.name}", "hello k"),
        (r#"{"{"}"#, "{"),
        (r#"{"\t"}{'it\'s'}{"\u00e4"}"#, "\tit'sä"),
        ("{.metadata.labels.web/html} {$.metadata.labels.k8s-app}", "15 20"),
        (r"{.metadata.labels.kubernetes\.io/hostname}", "h"),
        (r"{.metadata.labels['kubernetes\.io/hostname']}", "h"),
        ("{.metadata['name']}{['metadata']['name']}", "kk"),
        ("{ .metadata.name }", "k"),
        ("{.metadata.labels}", r#"{"k8s-app":"20","kubernetes.io/hostname":"h","web/html":"15"}"#),
        ("{.text}", r#"a<b & "c""#),
        ("{['text','metadata.name']}", r#"a<b & "c" k"#),
        ("before-{.hello}after", "before-after"),
        ("{.hello.you[0]}", ""),
        ("{.nothing}|{.nothing.at[0]}|{.empty}", "null||[]"),
        ("{1}{1.50}{true}{-3}", "11.5true-3"),
        ("{.metadata.name}}", "k}"),
        ("{@.metadata.name}{$.metadata.name}{metadata.name}", "ERR unrecognized identifier metadata"),
        ("{.mixed}", r#"[true,"one",1,1.5,null,{"a":1},[1]]"#),
        ("{.mixed[*]}", r#"true one 1 1.5 null {"a":1} [1]"#),
        ("{.floats[0]} {.floats[1]} {.floats[2]} {.floats[3]}", "1.2345675e+06 1e-05 0.5 1e+21"),
        ("{.floats[0:4]}", "1.2345675e+06 1e-05 0.5 1e+21"),
        ("{.mixed[5]}{.mixed[4]}", r#"{"a":1}null"#),
        ("{.metadata.name.*}", "107"),
        ("{.metadata name}", "ERR unrecognized identifier name"),
    ]);
}

#[test]
fn indices_and_slices() {
    all_print(&[
        ("{.days}", r#"["mon","tue","wed","thu"]"#),
        ("{.days[*]}", "mon tue wed thu"),
        ("{.days[0]}", "mon"),
        ("{.days[]}", "mon"),
        ("{.days[-1]}", "thu"),
        ("{.days[-1:]}", "thu"),
        ("{.days[-2:]}", "wed thu"),
        ("{.days[1:3]}", "tue wed"),
        ("{.days[:2]}", "mon tue"),
        ("{.days[0:-1]}", "mon tue wed"),
        ("{.days[::2]}", "mon wed"),
        ("{.days[1::2]}", "tue thu"),
        ("{.days[0:0]}", ""),
        ("{.days[5:5]}", ""),
        ("{.days[-5:-5]}", ""),
        ("{.days[0,2]}", "mon wed"),
        ("{.items[*]['metadata.name', 'status.capacity']}", r#"127.0.0.1 127.0.0.2 {"cpu":"4"} {"cpu":"8"}"#),
        ("{.days[4]}", "ERR array index out of bounds: index 4, length 4"),
        ("{.days[-5]}", "ERR array index out of bounds: index -1, length 4"),
        ("{.days[0:5]}", "ERR array index out of bounds: index 4, length 4"),
        ("{.days[3:1]}", "ERR starting index 3 is greater than ending index 1"),
        ("{.days[-1:-2]}", "ERR starting index 3 is greater than ending index 2"),
        ("{.days[-1:0]}", "ERR starting index 3 is greater than ending index 0"),
        ("{.days[0:3:0]}", "ERR step must be > 0"),
        ("{.days[0:3:-1]}", "ERR step must be > 0"),
        ("{.metadata[0]}", "ERR map[string]interface {} is not array or slice"),
        ("{.text[0]}", "ERR string is not array or slice"),
        ("{.numbers[0][0]}", "ERR int64 is not array or slice"),
        ("{.empty[0]}", "ERR array index out of bounds: index 0, length 0"),
        ("{.empty[*]}", ""),
        ("{.pods[*].containers[*].name}", "foo bar baz"),
        ("{.pods[*].containers[0].name}", "foo baz"),
    ]);
}

#[test]
fn recursion() {
    all_print(&[
        ("{..more[0]}", "v1 v1 v3"),
        ("{.pods..more[*]}", "v1 v2 v1 v3"),
        ("{.items[*].status.addresses[*].address}", "127.0.0.1 127.0.0.2 127.0.0.3"),
        ("{.users[1].*}", r#"e2e {"password":"secret","username":"admin"}"#),
        ("{.pods[1].containers[0]..}", r#"{"more":["v3"],"name":"baz"} baz ["v3"] v3"#),
        ("{.items[0]...type}", "LegacyHostIP"),
        ("{.....name}", "PARSE invalid multiple recursive descent (column 4)"),
    ]);
}

#[test]
fn filters() {
    all_print(&[
        ("{.numbers[?(@<5)]}", "2 3"),
        ("{.numbers[?(@ >= 6)]}", "6 7"),
        (r#"{.users[?(@.name=="e2e")].user.password}"#, "secret"),
        ("{.users[?(@.name!='e2e')].name}", "myself"),
        ("{.items[?(@.status.ready==true)].metadata.name}", "127.0.0.1"),
        ("{.items[?(@..ready==false)].metadata.name}", "127.0.0.2"),
        (r#"{.items[?(.metadata.labels.kubernetes\.io/hostname=="127.0.0.1")].kind}"#, "None"),
        ("{.pods[?(@.color)].name}", "p3"),
        (r#"{.pods[?(@.color=="blue")].name}"#, "p3"),
        ("{.users[?(@.user.username)].name}", "e2e"),
        (r#"{.items[*].status.addresses[?(@.type=="another")].address}"#, "127.0.0.3"),
        (r#"{.mixed[?(@=="one")]}"#, "ERR incompatible types for comparison"),
        ("{.numbers[?(@<>3)]}", "ERR unrecognized filter operator <>"),
        (
            "{.metadata[?(@.a)]}",
            "ERR map[labels:map[k8s-app:20 kubernetes.io/hostname:h web/html:15] name:k] is not array or slice and cannot be filtered",
        ),
        ("{.nothing[?(@.a)]}", "ERR <nil> is not array or slice and cannot be filtered"),
        (r#"{.pods[?(@.containers[*].name=="foo")].name}"#, "ERR can only compare one element at a time"),
        (r#"{.items[?(@.status=="x")].kind}"#, "ERR invalid type for comparison"),
        ("{.numbers[?(@==2.5)]}", "ERR incompatible types for comparison"),
        ("{.items[?(@.status.ready<true)].kind}", "ERR invalid type for comparison"),
        (r#"{.users[?(@.name=="a)b")]}"#, ""),
        ("{.pods[?(@.name[0])].name}", "p1 p2 p3"),
        ("{.pods[?(@.name==@.color)].name}", ""),
    ]);
}

#[test]
fn ranges() {
    all_print(&[
        ("{range .items[*]}{.metadata.name}, {end}{.kind}", "127.0.0.1, 127.0.0.2, Kettle"),
        (r#"{range .items[*]}{.metadata.name}{"\t"}{end}"#, "127.0.0.1\t127.0.0.2\t"),
        (
            "{range .items[*]}{range .status.addresses[*]}{.address}, {end}{end}",
            "127.0.0.1, 127.0.0.2, 127.0.0.3, ",
        ),
        (
            "{range .items[*]}[{.metadata.name}, {.status.capacity}] {end}",
            r#"[127.0.0.1, {"cpu":"4"}] [127.0.0.2, {"cpu":"8"}] "#,
        ),
        (
            r#"{range .pods[*]}{.name}{":"}{range @.containers[*]}{.name}{","}{end}{"+"}{end}"#,
            "p1:foo,bar,+p2:baz,+p3:+",
        ),
        (
            "{range .pods[*]}{.name}~{range .containers[*]}{.name}:{range .more[*]}{@},{end}+{end}#{end}",
            "p1~foo:v1,v2,+bar:v1,+#p2~baz:v3,+#p3~#",
        ),
        (
            "{range .pods[*]}{.name} {range .containers[*]}{.name} {end} {range .containers[*]}{.name} {end};{end}",
            "p1 foo bar  foo bar ;p2 baz  baz ;p3  ;",
        ),
        ("{range .empty[*]}{.metadata.name}{end}|", "|"),
        ("{range .hello[*]}{.a}{range @.b[*]}{.c}{end}{end}|", "|"),
        ("{range .days[0:2]}{@}{end}{end}", "ERR not in range, nothing to end"),
        ("{end}", "ERR not in range, nothing to end"),
        ("{hello}", "ERR unrecognized identifier hello"),
        ("{range .nothing}{@}{end}", "<no value>"),
        (r#"{range .pods[?(@.color)]}{.name} is {.color}{"\n"}{end}"#, "p3 is blue\n"),
    ]);
}

#[test]
fn what_is_wrong_is_told() {
    all_print(&[
        ("{.a", "PARSE unclosed action (column 4)"),
        ("{", "PARSE unclosed action (column 2)"),
        ("{.a[0", "PARSE unterminated array (column 4)"),
        ("{.a[?(@.b", "PARSE unterminated filter (column 4)"),
        ("{.a[?(@.b)", "PARSE unclosed array expect ] (column 11)"),
        ("{.a[?(@.b)}]}", "PARSE unclosed array expect ] (column 11)"),
        (r#"{"a"#, "PARSE unterminated quoted string (column 2)"),
        (r#"{"\d"}"#, r#"PARSE unquote string "\d" error invalid syntax (column 2)"#),
        ("{.a ! b}", "PARSE unrecognized character in action: U+0021 '!' (column 5)"),
        ("{.a(b)}", ""),
        ("{.a[x]}", "PARSE invalid array index x (column 4)"),
        ("{.a[1:2:3:4]}", "PARSE invalid array index 1:2:3:4 (column 4)"),
        ("{.a[-]}", "PARSE array index - is not a number (column 4)"),
        ("{.a[99999999999999999999]}", "PARSE array index 99999999999999999999 is not a number (column 4)"),
        ("{1.2.3}", "PARSE cannot parse number 1.2.3 (column 2)"),
        ("{....}", "PARSE invalid multiple recursive descent (column 4)"),
        ("{.metadata.name}{.days[0,x]}", "PARSE invalid array index x (column 26)"),
        ("{.days[?(@==x=)]}", "ERR unrecognized identifier x="),
        ("{.a['b]}", "PARSE invalid array index 'b (column 4)"),
        ("{.a\n}", "PARSE unclosed action (column 4)"),
        ("{.é[*}", "PARSE unterminated array (column 4)"),
        ("{.a[?(@.b=)]}", ""),
    ]);
}

#[test]
fn an_open_range_goes_on_to_the_end_and_what_follows_it_is_done_again() {
    assert_eq!(
        printed("{range .days[0:2]}{.kind}{@}, ", MissingKeys::Allowed),
        "mon, tue, Kettle".to_string()
            + &{
                let whole = printed("{@}", MissingKeys::Allowed);
                format!("{whole}, ")
            }
    );
}

#[test]
fn keys_that_miss_can_be_refused() {
    let refused = |template| printed(template, MissingKeys::Refused);
    assert_eq!(refused("{.metadata.name}"), "k");
    assert_eq!(refused("{.hello}"), "ERR hello is not found");
    assert_eq!(refused("{.items[*].hello}"), "ERR hello is not found");
    assert_eq!(refused("{.pods[*].color}"), "blue");
    assert_eq!(refused("{.pods[?(@.color)].name}"), "p3");
    assert_eq!(refused(r#"{.pods[?(@.color=="blue")].name}"#), "ERR color is not found");
}

#[test]
fn as_json_each_action_is_an_array() {
    let path = JsonPath::parse("{.days[0:2]}{.hello}{.floats[1]}").expect("it is a template");
    let printed = path.print_as_json(&object(), MissingKeys::Allowed);
    let expected = "[\n    \"mon\",\n    \"tue\"\n]\n[]\n[\n    0.00001\n]\n";
    assert_eq!(printed.as_deref(), Ok(expected));
}

/// Upstream's template is spent after one object.
#[test]
fn a_template_serves_several_objects() {
    let path = JsonPath::parse("{range .days[*]}{@} {end}").expect("it is a template");
    for _ in 0..2 {
        assert_eq!(path.print(&object(), MissingKeys::Allowed).as_deref(), Ok("mon tue wed thu "));
    }
}

/// Upstream's order is chance.
#[test]
fn values_of_a_map_are_in_the_order_of_the_document() {
    all_print(&[("{.metadata.labels.*}", "15 20 h"), ("{.users[0].*}", "myself {}")]);
}

#[test]
fn what_a_template_can_grow_to_is_bounded() {
    let ranges = "{range .days[*]}".repeat(101);
    assert_eq!(printed(&ranges, MissingKeys::Allowed), "PARSE more than 100 ranges (column 1)");
    let nested = (0..30).fold(Tree::seq(Vec::new()), |inside, _| Tree::seq(vec![inside]));
    let path = JsonPath::parse(&format!("{{{}}}", "[*,*]".repeat(30))).expect("it is a template");
    let expected = "the template finds more than 5000000 values";
    assert_eq!(path.print(&nested, MissingKeys::Allowed), Err(expected.into()));
}
