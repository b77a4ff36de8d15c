//! Names of files as git writes them in patches.
//!
//! Quoted as in C where a byte would break the line or be taken for something else. Letters beyond ASCII stay as they are, as
//! with git's `core.quotePath=false`, unless the name is no UTF-8.

/// `prefix` and `path`, quoted as one where that is needed.
pub fn quoted(prefix: &str, path: &[u8]) -> Vec<u8> {
    quoted_if(prefix, path, |_| false)
}

/// [`quoted`] also where there is nothing but a blank.
pub fn quoted_with_blanks(prefix: &str, path: &[u8]) -> Vec<u8> {
    quoted_if(prefix, path, |byte| byte == b' ')
}

fn quoted_if(prefix: &str, path: &[u8], also: fn(u8) -> bool) -> Vec<u8> {
    let whole = [prefix.as_bytes(), path].concat();
    let is_text = std::str::from_utf8(&whole).is_ok();
    let needs = |byte: &u8| matches!(byte, 0..0x20 | b'"' | b'\\' | 0x7f) || (*byte >= 0x80 && !is_text);
    if !whole.iter().any(|byte| needs(byte) || also(*byte)) {
        return whole;
    }
    let mut out = vec![b'"'];
    for byte in whole {
        match escaped(byte) {
            Some(letter) => out.extend([b'\\', letter]),
            None if needs(&byte) => out.extend(format!("\\{byte:03o}").bytes()),
            None => out.push(byte),
        }
    }
    out.push(b'"');
    out
}

/// [`quoted`] for a line that holds nothing else: what ends in a blank, or holds one, is followed by a tab, by which readers know
/// where it ends.
pub fn alone(prefix: &str, path: &[u8]) -> Vec<u8> {
    let mut name = quoted(prefix, path);
    if name.first() != Some(&b'"') && name.contains(&b' ') {
        name.push(b'\t');
    }
    name
}

fn escaped(byte: u8) -> Option<u8> {
    Some(match byte {
        7 => b'a',
        8 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0xb => b'v',
        0xc => b'f',
        b'\r' => b'r',
        b'"' | b'\\' => byte,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_as_git_quotes_them() {
        let table: [(&[u8], &[u8]); 9] = [
            (b"a/b.md", b"a/a/b.md"),
            (b"a b", b"a/a b"),
            ("größe".as_bytes(), "a/größe".as_bytes()),
            (b"caf\xe9", b"\"a/caf\\351\""),
            (b"a\tb\n", b"\"a/a\\tb\\n\""),
            (b"a\"b\\c", b"\"a/a\\\"b\\\\c\""),
            (b"\x01\x1b[m\x7f", b"\"a/\\001\\033[m\\177\""),
            (b"\x07\x08\x0b\x0c\r", b"\"a/\\a\\b\\v\\f\\r\""),
            (b"it's", b"a/it's"),
        ];
        for (path, want) in table {
            assert_eq!(quoted("a/", path), want, "{path:?}");
        }
        assert_eq!(quoted_with_blanks("a/", b"a b"), b"\"a/a b\"");
        assert_eq!(quoted_with_blanks("a/", b"ab"), b"a/ab");
        assert_eq!(alone("b/", b"a b"), b"b/a b\t");
        assert_eq!(alone("b/", b"a b\n"), b"\"b/a b\\n\"");
    }
}
