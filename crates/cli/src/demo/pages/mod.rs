//! The shop's pages. Each is whole without a script; with one, they are live.

mod checkout;
mod events;
mod shelves;

use std::fmt::Write as _;

use farthing_server::assets::has_wallets_document;
use farthing_types::{Currency, Money};
use jiff::Timestamp;

use super::assets::Assets;
use super::html::{Html, text};
use super::journal::{Entry, Source};

pub(super) use checkout::{Known, order};
pub(super) use events::events;
pub(super) use shelves::{book, home};

/// The cards that the sandbox knows: SmartCore API, "Test cards". Any other number is declined.
const TEST_CARDS: [(&str, &str); 3] = [
    ("4012000000003010", "paid at once"),
    ("4003830171874018", "the bank asks: approve, decline or cancel"),
    ("4111111111111111", "declined, like every other number"),
];

/// Where things are, for links. No slash at the end.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// The server's address.
    pub(super) server: String,
    /// The sandbox's address.
    pub(super) sandbox: String,
}

/// Light, dark, or as the system has it. It is in the address, so nothing has to be stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Theme {
    /// As the system has it.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    /// Reads `?theme=`; anything else is automatic.
    pub(super) fn read(word: Option<&str>) -> Self {
        Self::ALL.into_iter().find(|theme| Some(theme.word()) == word).unwrap_or_default()
    }

    /// The word in addresses and attributes.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// A path of the shop with this theme in it.
    pub(super) fn link(self, path: &str) -> String {
        if self == Self::Auto { path.to_owned() } else { format!("{path}?theme={}", self.word()) }
    }
}

/// What every page needs to know.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    /// Where things are.
    pub(super) places: &'a Places,
    /// The shop's files.
    pub(super) assets: &'a Assets,
    /// Light or dark.
    pub(super) theme: Theme,
    /// The shop's currency.
    pub(super) currency: Currency,
}

/// One page, but for its frame.
struct Page<'a> {
    title: &'a str,
    /// Without the query.
    path: &'a str,
    /// Seconds until a browser without scripts looks again.
    refresh: Option<u8>,
    /// More for the head.
    head: Html,
    main: Html,
}

impl View<'_> {
    fn price(&self, minor: u64) -> String {
        Money::new(minor, self.currency).map_or_else(
            |_| minor.to_string(),
            |money| match self.currency.code() {
                "EUR" => format!("€{}", money.to_decimal()),
                _ => money.to_string(),
            },
        )
    }

    fn link(&self, path: &str) -> Html {
        text(&self.theme.link(path))
    }

    fn cover(&self, slug: &str) -> Html {
        // The title stands beside it, so the picture says nothing more.
        Html::raw(format!(
            "<img class=\"cover\" src=\"{}\" alt=\"\" width=\"300\" height=\"440\">",
            text(self.assets.path(slug))
        ))
    }

    fn page(&self, page: &Page<'_>) -> String {
        let Page { title, path, refresh, head, main } = page;
        let refresh = refresh.map_or_else(String::new, |seconds| {
            format!("<noscript><meta http-equiv=\"refresh\" content=\"{seconds}\"></noscript>\n")
        });
        let attribute = match self.theme {
            Theme::Auto => String::new(),
            theme => format!(" data-theme=\"{}\"", theme.word()),
        };
        format!(
            "<!doctype html>\n<html lang=\"en\"{attribute}>\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n{refresh}\
             <title>{title} – Farthing Books</title>\n<link rel=\"icon\" href=\"{icon}\" type=\"image/svg+xml\">\n\
             <link rel=\"stylesheet\" href=\"{style}\">\n<script defer src=\"{script}\"></script>\n{head}</head>\n<body>\n\
             <a class=\"skip\" href=\"#main\">Skip to the page</a>\n\
             <header><div class=\"wide\"><a class=\"brand\" href=\"{home}\"><img src=\"{icon}\" alt=\"\" width=\"32\" height=\"32\">Farthing Books</a>\
             <nav aria-label=\"Shop\"><a href=\"{home}\">Books</a><a href=\"{events}\">Events</a>\
             <a href=\"{sandbox}\">Sandbox</a></nav>{themes}</div></header>\n\
             <main id=\"main\" class=\"wide\">\n{main}</main>\n\
             <footer><div class=\"wide\"><p>A demo shop. No money moves: the gateway is the <a href=\"{sandbox}\">sandbox</a>, \
             the checkout is served by <code>{server}</code>.</p></div></footer>\n</body>\n</html>\n",
            title = text(title),
            icon = text(self.assets.path("icon")),
            style = text(self.assets.path("shop")),
            script = text(self.assets.path("script")),
            home = self.link("/"),
            events = self.link("/events"),
            sandbox = text(&self.places.sandbox),
            server = text(&self.places.server),
            themes = self.themes(path),
        )
    }

    fn themes(&self, path: &str) -> Html {
        let links = Theme::ALL.into_iter().map(|theme| {
            let current = if theme == self.theme { " aria-current=\"true\"" } else { "" };
            let label = match theme {
                Theme::Auto => "Auto",
                Theme::Light => "Light",
                Theme::Dark => "Dark",
            };
            Html::raw(format!(
                "<a href=\"{}\" data-theme-choice=\"{}\"{current}>{label}</a>",
                text(&theme.link(path)),
                theme.word()
            ))
        });
        Html::raw(format!(
            "<nav class=\"themes\" aria-label=\"Colours\">{}</nav>",
            Html::all(links)
        ))
    }

    /// Something went wrong.
    pub(super) fn trouble(&self, words: &str) -> String {
        let main = Html::raw(format!(
            "<h1>That did not work</h1><p>{}</p><p><a href=\"{}\">Back to the books</a></p>",
            text(words),
            self.link("/")
        ));
        self.page(&Page {
            title: "That did not work",
            path: "/",
            refresh: None,
            head: Html::default(),
            main,
        })
    }
}

/// A card's number in fours, as on the card.
fn grouped(number: &str) -> String {
    let mut shown = String::new();
    for (index, digit) in number.chars().enumerate() {
        if index > 0 && index % 4 == 0 {
            shown.push(' ');
        }
        shown.push(digit);
    }
    shown
}

fn test_cards() -> Html {
    let cards = TEST_CARDS.iter().map(|(number, what)| {
        Html::raw(format!(
            "<li><code>{}</code><button type=\"button\" class=\"small\" data-copy=\"{number}\" aria-label=\"Copy {number}\" hidden>Copy</button>\
             <span class=\"soft\">{}</span></li>",
            text(&grouped(number)),
            text(what),
            number = text(number),
        ))
    });
    let wallets = if has_wallets_document() {
        "<p class=\"soft\">Google Pay and Apple Pay are fakes of the sandbox and need no account.</p>"
    } else {
        ""
    };
    Html::raw(format!(
        "<section class=\"panel cards\" aria-labelledby=\"cards\" data-stage=\"pay\"><h2 id=\"cards\">Test cards</h2><ul>{}</ul>\
         <p class=\"soft\">Any expiry date in the future, any three digits as code, any name.</p>\
         {wallets}</section>",
        Html::all(cards)
    ))
}

/// The lines of a log, newest first. The page's script adds lines of the same shape.
fn log(entries: &[Entry], with_order: bool) -> Html {
    Html::all(entries.iter().rev().map(|entry| {
        let mut detail = entry.detail.clone();
        if with_order && let Some(order) = &entry.order {
            let _ = write!(detail, ", {order}");
        }
        Html::raw(format!(
            "<li data-key=\"{}\" data-source=\"{source}\"><time>{}</time> <span class=\"tag\">{source}</span> \
             <strong>{}</strong> <span class=\"detail\">{}</span></li>",
            text(&entry.key),
            clock(entry.at),
            text(&entry.what),
            text(&detail),
            source = Source::word(entry.source),
        ))
    }))
}

/// The time of day, UTC.
fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::demo) fn with_view<T>(theme: Theme, look: impl FnOnce(View<'_>) -> T) -> T {
        let places = Places {
            server: "http://localhost:8081".to_owned(),
            sandbox: "http://localhost:8082".to_owned(),
        };
        let assets = Assets::new();
        let currency = "EUR".parse().unwrap();
        look(View { places: &places, assets: &assets, theme, currency })
    }

    #[test]
    fn the_theme_stays_in_every_link_of_the_shop() {
        let html = with_view(Theme::Dark, |view| home(&view, &[]));
        assert!(html.contains("<html lang=\"en\" data-theme=\"dark\">"));
        assert!(html.contains("href=\"/book/ledgers?theme=dark\""));
        assert!(html.contains("action=\"/orders?theme=dark\""));
        assert!(html.contains("href=\"/events?theme=dark\""));
    }

    #[test]
    fn an_unknown_theme_is_automatic() {
        for word in [None, Some(""), Some("DARK"), Some("\"><script>")] {
            assert_eq!(Theme::read(word), Theme::Auto);
        }
        assert_eq!(Theme::read(Some("dark")), Theme::Dark);
    }

    #[test]
    fn no_page_has_an_inline_script_style_or_handler() {
        with_view(Theme::Light, |view| {
            for html in
                [home(&view, &["FB-1".to_owned()]), events(&view, &[], "0-0"), view.trouble("x")]
            {
                assert!(!html.contains("<style") && !html.contains(" style="), "{html}");
                assert!(!html.contains(" onclick") && !html.contains("javascript:"), "{html}");
                assert!(!html.replace("<script defer src=", "").contains("<script"), "{html}");
            }
        });
    }

    #[test]
    fn prices_carry_their_sign() {
        with_view(Theme::Auto, |view| {
            assert_eq!([view.price(99), view.price(2450)], ["€0.99", "€24.50"]);
        });
    }

    #[test]
    fn a_number_is_shown_in_fours() {
        assert_eq!(grouped("4012000000003010"), "4012 0000 0000 3010");
        assert_eq!(grouped(""), "");
    }

    #[test]
    fn text_of_a_log_is_escaped() {
        let entry = Entry {
            seq: 1,
            key: "\"><script>".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            source: Source::Event,
            order: Some("<i>".to_owned()),
            what: "<script>".to_owned(),
            detail: "<b>".to_owned(),
            standing: None,
        };
        let html = log(&[entry], true).to_string();
        for markup in ["<script>", "<b>", "<i>"] {
            assert!(!html.contains(markup), "{html}");
        }
    }
}
