//! Colours for code. A lexer of our own, in one pass and of a few kinds of tokens: it only has to
//! help the eye, on the first frame, and must stand whatever it is given. (ARCHITECTURE.md has what
//! a full one would cost.)

mod language;
mod lexer;

pub(super) use self::language::Language;

use super::plain::Run;
use ccdump_model::theme::Role;

use self::lexer::Lexer;

/// How the stretches of `code` look, which must be clean. `base`: the role of what is nothing
/// special. `is_numbered`: each line may begin with its number, as in what tools read of files.
pub(super) fn highlight(language: Language, base: Role, code: &str, is_numbered: bool) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut end = 0;
    let mut add = |role: Role, length: usize| {
        end += length;
        match runs.last_mut() {
            _ if length == 0 => {}
            Some(last) if last.look == role.into() => last.end = end,
            _ => runs.push(Run { end, look: role.into() }),
        }
    };
    let mut lexer = Lexer::new(language, base);
    for line in code.split_inclusive('\n') {
        let (number, rest) = if is_numbered { split_number(line) } else { ("", line) };
        add(Role::Dim, number.len());
        lexer.line(rest, &mut add);
    }
    runs
}

/// `    12⇥`, and the rest of the line, which may have lost its tab with nothing behind it.
fn split_number(line: &str) -> (&str, &str) {
    let blanks = line.len() - line.trim_start_matches(' ').len();
    let digits = line.bytes().skip(blanks).take_while(u8::is_ascii_digit).count();
    let after = line.get(blanks + digits..).unwrap_or_default();
    let mark = ["\t", "→"]
        .into_iter()
        .find(|mark| after.starts_with(mark))
        .or(after.trim_end().is_empty().then_some(""));
    let length = mark.filter(|_| digits > 0).map_or(0, |mark| blanks + digits + mark.len());
    line.split_at_checked(length).unwrap_or(("", line))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(name: &str, code: &str, is_numbered: bool) -> String {
        let language = Language::named(name).expect("it is known");
        let mut from = 0;
        let runs = highlight(language, Role::Text, code, is_numbered);
        let word = |run: &Run| {
            let text = code[std::mem::replace(&mut from, run.end)..run.end].trim();
            let role = run.look.role.name().trim_start_matches("code-").to_owned();
            (run.look.role != Role::Text && !text.is_empty()).then(|| format!("{role}:{text}"))
        };
        runs.iter().filter_map(word).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn tokens_of_each_language() {
        for (name, code, wanted) in [
            (
                "rust",
                "/// Doc\nfn f<'a>(x: &'a Str) -> char { 'x'; '\\''; 1_000u8; 0..5; r\"raw\\\"; /* a\nb */ return \"a\\\"b\n c\" }",
                "comment:/// Doc | keyword:fn | name:Str | keyword:char | string:'x' | string:'\\'' | number:1_000u8 | number:0 | number:5 | \
                 string:r\"raw\\\" | comment:/* a\nb */ | keyword:return | string:\"a\\\"b\n c\"",
            ),
            (
                "python",
                "# c\ndef f(self):\n    \"\"\"Doc\n    more\"\"\"\n    return 'x' + 3.5  # d",
                "comment:# c | keyword:def | keyword:self | string:\"\"\"Doc\n    more\"\"\" | keyword:return | string:'x' | number:3.5 | comment:# d",
            ),
            (
                "tsx",
                "const a: Foo = `x\ny`; // c",
                "keyword:const | name:Foo | string:`x\ny` | comment:// c",
            ),
            (
                "json",
                "{\"a\": \"b\", \"c\": [1, true]}",
                "name:\"a\" | string:\"b\" | name:\"c\" | number:1 | keyword:true",
            ),
            (
                "toml",
                "[a]\nkey-x = \"v\" # c\nn = 1",
                "name:key-x | string:\"v\" | comment:# c | name:n | number:1",
            ),
            (
                "yml",
                "a-b: it's # c\nc: true\n- d: 'x'",
                "name:a-b | comment:# c | name:c | keyword:true | name:d | string:'x'",
            ),
            (
                "sh",
                "if [ -f x ]; then echo \"$a\" '#b' x#y; fi # c",
                "keyword:if | keyword:then | keyword:echo | string:\"$a\" | string:'#b' | keyword:fi | comment:# c",
            ),
            ("go", "func f() { x := `a\nb` }", "keyword:func | string:`a\nb`"),
            ("c++", "int x = 0xFF; // c", "keyword:int | number:0xFF | comment:// c"),
            ("java", "public class A { }", "keyword:public | keyword:class | name:A"),
            (
                "SQL",
                "SELECT a FROM b WHERE c = 'it''s' -- d",
                "keyword:SELECT | keyword:FROM | keyword:WHERE | string:'it''s' | comment:-- d",
            ),
            (
                "html",
                "<!-- c -->\n<a href=\"x\">don't</a>",
                "comment:<!-- c --> | keyword:a | name:href | string:\"x\" | keyword:a",
            ),
            ("css", ".a { color: #fff; } /* c */", "name:color | comment:/* c */"),
            ("diff", "@@ -1 +1 @@\n-a\n+b\n c", "frame:@@ -1 +1 @@ | removed:-a | added:+b"),
        ] {
            assert_eq!(shown(name, code, false), wanted, "{name}");
        }
        assert_eq!(
            shown("rs", "     9\tfn a() { /*\n    10→*/ }\nno 11\tfn", true),
            "dim:9 | keyword:fn | comment:/* | dim:10→ | comment:*/ | number:11 | keyword:fn"
        );
    }

    proptest! {
        #[test]
        fn any_text_in_any_language_is_all_there(
            name in proptest::sample::select(Language::names().collect::<Vec<_>>()),
            pieces in proptest::collection::vec(
                prop_oneof![
                    any::<String>(),
                    proptest::sample::select(vec![
                        "'", "\"", "\"\"\"", "`", "\\", "/*", "*/", "//", "#", "--", "<!--", "-->", "<a ", ">", "r#\"", "\n", "1.", "0x",
                        "é", "漢", "fn", "key: ", "k = ", " ", "\t", "12\t",
                    ]).prop_map(str::to_owned),
                ],
                0..30,
            ),
            is_numbered in any::<bool>(),
        ) {
            let code = pieces.concat();
            let language = Language::named(name).expect("it is known");
            let runs = highlight(language, Role::Text, &code, is_numbered);
            prop_assert!(runs.iter().map(|run| run.end).is_sorted_by(|a, b| a < b));
            prop_assert!(runs.iter().all(|run| code.is_char_boundary(run.end)));
            prop_assert_eq!(runs.last().map_or(0, |run| run.end), code.len());
        }
    }

    #[test]
    fn long_texts_take_no_longer_than_they_are_long() {
        // A lexer that looked back, or ahead to the end at each step, would not come to an end with
        // these.
        for code in ["'", "/*", " ", "a ", "<", "\\\"", "a:"].map(|piece| piece.repeat(20_000)) {
            for name in ["rs", "py", "ts", "json", "toml", "yml", "sh", "sql", "html"] {
                let runs = highlight(
                    Language::named(name).expect("it is known"),
                    Role::Text,
                    &code,
                    false,
                );
                assert_eq!(runs.last().map(|run| run.end), Some(code.len()), "{name}");
            }
        }
    }
}
