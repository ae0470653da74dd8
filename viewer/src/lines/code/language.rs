//! The languages that are known: what their comments, strings and keywords look like.

/// One of [`LANGUAGES`].
#[derive(Debug, Clone, Copy)]
pub(in crate::lines) struct Language(pub(super) &'static Syntax);

#[derive(Debug)]
pub(super) struct Syntax {
    /// After a fence, and at the end of a file's name.
    names: &'static str,
    pub(super) form: Form,
    /// What begins a comment up to the end of the line; `#` does so at the beginning of a word
    /// only.
    pub(super) line_comments: &'static [&'static str],
    pub(super) block_comment: Option<(&'static str, &'static str)>,
    pub(super) strings: &'static [Quote],
    pub(super) keywords: &'static str,
    pub(super) ignores_case: bool,
    /// Words that begin with a capital are names of types.
    pub(super) has_types: bool,
    /// What follows a word or a string that is a key.
    pub(super) key_mark: Option<char>,
    /// Words may hold dashes.
    pub(super) has_dashes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Tokens,
    /// Tags, with text between them.
    Markup,
    /// The first sign of a line says what it is.
    Diff,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quote {
    pub(super) open: &'static str,
    pub(super) close: &'static str,
    pub(super) escapes: bool,
    pub(super) ends: Ends,
}

/// How a string that is not closed goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// On the next line.
    Later,
    /// With the line.
    WithLine,
    /// It is none: an apostrophe, a lifetime. Only one character, or an escape, has room in it.
    Never,
}

const fn quote(open: &'static str, close: &'static str, escapes: bool, ends: Ends) -> Quote {
    Quote { open, close, escapes, ends }
}

const DOUBLE: Quote = quote("\"", "\"", true, Ends::WithLine);
const SINGLE: Quote = quote("'", "'", true, Ends::WithLine);
const CHARACTER: Quote = quote("'", "'", true, Ends::Never);
const BACKTICK: Quote = quote("`", "`", true, Ends::Later);
const LITERAL: Quote = quote("'", "'", false, Ends::WithLine);

const PLAIN: Syntax = Syntax {
    names: "",
    form: Form::Tokens,
    line_comments: &[],
    block_comment: None,
    strings: &[DOUBLE],
    keywords: "",
    ignores_case: false,
    has_types: false,
    key_mark: None,
    has_dashes: false,
};

/// Of languages that look like C.
const C: Syntax = Syntax {
    names: "c h cc cpp cxx hpp c++",
    line_comments: &["//"],
    block_comment: Some(("/*", "*/")),
    strings: &[DOUBLE, CHARACTER],
    keywords: "auto bool break case catch char class const constexpr continue default delete do double else enum explicit extern false \
               float for friend goto if inline int long namespace new noexcept nullptr operator override private protected public \
               return short signed sizeof static struct switch template this throw true try typedef typename union unsigned using \
               virtual void volatile while NULL #include #define #ifdef #ifndef #endif #if #else",
    has_types: true,
    ..PLAIN
};

static LANGUAGES: [Syntax; 15] = [
    Syntax {
        names: "rust rs",
        strings: &[
            quote("r##\"", "\"##", false, Ends::Later),
            quote("r#\"", "\"#", false, Ends::Later),
            quote("r\"", "\"", false, Ends::Later),
            quote("\"", "\"", true, Ends::Later),
            CHARACTER,
        ],
        keywords: "as async await bool break char const continue crate dyn else enum extern f32 f64 false fn for i128 i16 i32 i64 i8 if \
                   impl in isize let loop match mod move mut pub ref return self Self static str struct super trait true type u128 u16 \
                   u32 u64 u8 unsafe use usize where while",
        ..C
    },
    Syntax {
        names: "python py pyi",
        line_comments: &["#"],
        strings: &[
            quote("\"\"\"", "\"\"\"", true, Ends::Later),
            quote("'''", "'''", true, Ends::Later),
            DOUBLE,
            SINGLE,
        ],
        keywords: "and as assert async await break case class continue def del elif else except False finally for from global if import \
                   in is lambda match None nonlocal not or pass raise return self True try while with yield",
        has_types: true,
        ..PLAIN
    },
    Syntax {
        names: "javascript js mjs cjs jsx typescript ts tsx",
        strings: &[DOUBLE, SINGLE, BACKTICK],
        keywords: "abstract any as async await boolean break case catch class const continue declare default delete do else enum export \
                   extends false finally for from function if implements import in instanceof interface let new null number of private \
                   protected public readonly return static string super switch this throw true try type typeof undefined unknown var \
                   void while yield",
        ..C
    },
    Syntax {
        names: "json jsonc json5 jsonl",
        line_comments: &["//"],
        keywords: "true false null",
        key_mark: Some(':'),
        ..PLAIN
    },
    Syntax {
        names: "toml ini cfg conf",
        line_comments: &["#", ";"],
        strings: &[
            quote("\"\"\"", "\"\"\"", true, Ends::Later),
            quote("'''", "'''", false, Ends::Later),
            DOUBLE,
            LITERAL,
        ],
        keywords: "true false",
        key_mark: Some('='),
        has_dashes: true,
        ..PLAIN
    },
    Syntax {
        names: "yaml yml",
        line_comments: &["#"],
        strings: &[DOUBLE, LITERAL],
        keywords: "true false null yes no on off",
        key_mark: Some(':'),
        has_dashes: true,
        ..PLAIN
    },
    Syntax {
        names: "sh bash shell zsh console fish dockerfile makefile",
        line_comments: &["#"],
        strings: &[quote("\"", "\"", true, Ends::Later), quote("'", "'", false, Ends::Later)],
        keywords: "case cd do done echo elif else esac exit export fi for function if in local return set then unset until while FROM RUN \
                   COPY ENV",
        has_dashes: true,
        ..PLAIN
    },
    Syntax {
        names: "go",
        strings: &[DOUBLE, CHARACTER, quote("`", "`", false, Ends::Later)],
        keywords: "any bool break byte case chan const continue default defer else error fallthrough false for func go goto if import \
                   int int64 interface map nil package range return rune select string struct switch true type var",
        ..C
    },
    C,
    Syntax {
        names: "java kotlin kt scala cs csharp swift",
        strings: &[quote("\"\"\"", "\"\"\"", true, Ends::Later), DOUBLE, CHARACTER],
        keywords: "abstract async await boolean break byte case catch char class const continue def default do double else enum extends \
                   extension false final finally float for fun func guard if implements import in int interface internal let long \
                   namespace new nil null object open override package private protected public return sealed short static string struct \
                   super switch synchronized this throw throws true try using val var void when while",
        ..C
    },
    Syntax {
        names: "sql",
        line_comments: &["--"],
        block_comment: Some(("/*", "*/")),
        strings: &[quote("'", "'", false, Ends::Later), DOUBLE],
        keywords: "all alter and as asc begin between by case commit create default delete desc distinct drop else end exists foreign from \
                   group having in index inner insert into is join key left like limit not null on or order outer primary references \
                   right rollback select set table then union unique update values view when where with",
        ignores_case: true,
        ..PLAIN
    },
    Syntax {
        names: "html htm xml svg xhtml vue",
        form: Form::Markup,
        block_comment: Some(("<!--", "-->")),
        strings: &[quote("\"", "\"", false, Ends::Later), quote("'", "'", false, Ends::Later)],
        has_dashes: true,
        ..PLAIN
    },
    Syntax {
        names: "css scss less",
        block_comment: Some(("/*", "*/")),
        strings: &[DOUBLE, SINGLE],
        keywords: "important",
        key_mark: Some(':'),
        has_dashes: true,
        ..PLAIN
    },
    Syntax { names: "diff patch", form: Form::Diff, ..PLAIN },
    Syntax {
        names: "ruby rb lua php proto",
        line_comments: &["#", "//", "--"],
        strings: &[DOUBLE, SINGLE],
        keywords: "and begin break case class def do echo else elsif end enum ensure false for foreach function if import in local message \
                   module new next nil not null or package public private private repeated require rescue return rpc self service then \
                   true unless until use when while yield",
        has_types: true,
        ..PLAIN
    },
];

/// Languages with names that are longer are not known.
const LONGEST_NAME: usize = 16;

impl Language {
    /// By a name as it stands after a fence, or at the end of a file's: `rust`, `rs`.
    pub(in crate::lines) fn named(name: &str) -> Option<Self> {
        let name =
            name.split([' ', ',', '{', ':']).next().filter(|name| name.len() <= LONGEST_NAME)?;
        let is_named = |syntax: &&Syntax| {
            syntax.names.split(' ').any(|known| known.eq_ignore_ascii_case(name))
        };
        LANGUAGES.iter().find(is_named).map(Self)
    }

    pub(in crate::lines) fn of_file(path: &str) -> Option<Self> {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        Self::named(name.rsplit('.').next().unwrap_or(name))
    }

    /// What says of itself that it is JSON or a diff.
    pub(in crate::lines) fn of_text(text: &str) -> Option<Self> {
        let text = text.trim_start();
        let after = |sign: char| text.strip_prefix(sign).map(str::trim_start);
        let is_object = after('{').is_some_and(|inside| inside.starts_with(['"', '}']));
        let is_list = after('[').is_some_and(|inside| inside.starts_with(['{', '"']));
        let is_diff = text.starts_with("diff --git ")
            || (text.starts_with("--- ") && text.contains("\n+++ "));
        match () {
            () if is_object || is_list => Self::named("json"),
            () if is_diff => Self::named("diff"),
            () => None,
        }
    }

    #[cfg(test)]
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        LANGUAGES.iter().flat_map(|syntax| syntax.names.split(' '))
    }
}
