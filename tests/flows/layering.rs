//! Imports point down only: bindings → web → core machines → core memory → core protocol → core words.

use std::{fs, path::Path};

/// A source file: its place below src/ and its code, without comments, strings and test modules.
struct Source {
    place: String,
    code: String,
}

fn sources() -> Vec<Source> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![src.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(Source { place: place(&src, &path), code: code(&fs::read_to_string(&path).unwrap()) });
            }
        }
    }
    sources
}

/// `core/words/url.rs` is `core::words::url`; a folder's `mod.rs` is the folder.
fn place(src: &Path, path: &Path) -> String {
    let place = path.strip_prefix(src).unwrap().with_extension("");
    let parts: Vec<_> = place.iter().map(|part| part.to_str().unwrap()).filter(|part| *part != "mod").collect();
    parts.join("::")
}

/// The code that is compiled into the crate: what a test module imports is its own affair.
fn code(text: &str) -> String {
    let text = text.split_once("\nmod tests {").map_or(text, |(before, _)| before);
    let mut code = String::new();
    for line in text.lines() {
        let mut rest = line.split("//").next().unwrap();
        while let Some((before, quoted)) = rest.split_once('"') {
            code.push_str(before);
            rest = quoted.split_once('"').map_or("", |(_, after)| after);
        }
        code.push_str(rest);
        code.push('\n');
    }
    code
}

/// Every path that begins with `crate::` or `super::`, as a place: `crate::core::{words::url, protocol}` is two.
fn imports(source: &Source) -> Vec<String> {
    let mut imports = Vec::new();
    for begin in ["crate::", "super::"] {
        for (index, _) in source.code.match_indices(begin) {
            let is_path = !source.code[..index]
                .ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == ':');
            if is_path {
                let mut found = Vec::new();
                expand("", &source.code[index..], &mut found);
                imports.extend(found.iter().map(|path| absolute(&source.place, path)));
            }
        }
    }
    imports
}

/// Takes one path, or one tree of paths in braces, from the front of the text; gives what is left.
fn expand<'a>(prefix: &str, text: &'a str, found: &mut Vec<String>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix('}') {
                return after;
            }
            rest = expand(prefix, rest, found).trim_start();
            rest = rest.strip_prefix(',').unwrap_or(rest);
        }
    }
    let end = text.find(|character: char| !(character.is_alphanumeric() || character == '_')).unwrap_or(text.len());
    // An operator or a glob ends a path, too; it is stepped over so that a tree always comes to its end.
    let end = if end == 0 { text.chars().next().map_or(0, char::len_utf8) } else { end };
    let path = format!("{prefix}{}", &text[..end]);
    match text[end..].strip_prefix("::") {
        Some(rest) => expand(&format!("{path}::"), rest, found),
        None => {
            found.push(path);
            let rest = text[end..].trim_start();
            rest.strip_prefix("as ")
                .map_or(rest, |alias| alias.trim_start().trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'))
        }
    }
}

fn absolute(place: &str, path: &str) -> String {
    let mut base: Vec<_> = place.split("::").collect();
    let mut path = path;
    if let Some(rest) = path.strip_prefix("crate::") {
        return rest.into();
    }
    // `super` in a folder's mod.rs is the folder above, as the folder is its place.
    while let Some(rest) = path.strip_prefix("super::") {
        base.pop();
        path = rest;
    }
    base.push(path);
    base.join("::")
}

fn is_below(place: &str, room: &str) -> bool {
    place == room || place.strip_prefix(room).is_some_and(|rest| rest.starts_with("::"))
}

/// What each room of the core may import of the crate; the first one that a place is in counts.
const RULES: [(&str, &[&str]); 6] = [
    ("core::words", &["core::words"]),
    ("core::protocol", &["core::words", "core::protocol"]),
    ("core::memory", &["core::words", "core::protocol", "core::memory"]),
    ("core", &["core"]),
    ("web", &["core", "web"]),
    ("pkce_module", &["core::words", "core::protocol"]),
];

#[test]
fn imports_of_every_room_point_down() {
    let mut upward = Vec::new();
    for source in sources() {
        let Some((_, allowed)) = RULES.iter().find(|(room, _)| is_below(&source.place, room)) else { continue };
        for import in imports(&source) {
            if !allowed.iter().any(|room| is_below(&import, room)) {
                upward.push(format!("{} imports {import}", source.place));
            }
        }
    }
    assert_eq!(upward, [""; 0]);
}

#[test]
fn core_names_nothing_of_the_host() {
    const HOST: [&str; 9] =
        ["web", "bindings", "wasm_bindgen", "js_sys", "web_sys", "gloo_storage", "gloo", "getrandom", "std"];
    let mut named = Vec::new();
    for source in sources().iter().filter(|source| is_below(&source.place, "core")) {
        let words = source.code.split(|character: char| !(character.is_alphanumeric() || character == '_'));
        let of_the_host = words.filter(|word| HOST.contains(word));
        named.extend(of_the_host.map(|word| format!("{} names {word}", source.place)));
    }
    assert_eq!(named, [""; 0]);
}

#[test]
fn layering_looks_at_every_room_and_finds_their_imports() {
    let sources = sources();
    for room in ["core::words", "core::protocol", "core::memory", "core::machines", "web", "bindings"] {
        let of_room: Vec<_> = sources.iter().filter(|source| is_below(&source.place, room)).collect();
        assert!(of_room.len() > 3, "{room}");
        assert!(of_room.iter().any(|source| !imports(source).is_empty()), "{room}");
    }
}

#[test]
fn imports_are_read_through_braces_aliases_and_super() {
    let text = "use crate::core::{\n    words::{url, error::{Error, ErrorCode::*}},\n    protocol as wire,\n};\n\
                use super::{machine::Job, io}; fn f() -> crate::web::clock { super::super::memory::x() }\n\
                // crate::bindings is only spoken of\nlet text = \"crate::bindings\";\n";
    let source = Source { place: "core::machines::login".into(), code: code(text) };
    assert_eq!(
        imports(&source),
        [
            "core::words::url",
            "core::words::error::Error",
            "core::words::error::ErrorCode::*",
            "core::protocol",
            "web::clock",
            "core::machines::machine::Job",
            "core::machines::io",
            "core::memory::x",
        ]
    );
}
