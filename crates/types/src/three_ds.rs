//! 3-D Secure as the page sees it: what kind of step follows, how it is shown, and how large.

use crate::named::named;

/// What the shopper's browser has to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepKind {
    /// Go to a page of the gateway, which runs everything else.
    Redirect,
    /// Let the issuer look at the browser, unseen: the device data step of 3-D Secure 2.
    Method,
    /// Post a `creq` to the issuer's page: the challenge of 3-D Secure 2.
    Challenge,
    /// Post a `PaReq` to the issuer's page: 3-D Secure 1.
    PaReq,
}

named! {
    /// The text is not the name of a step.
    StepKind, UnknownStepKind, "must be `redirect`, `method`, `challenge` or `pa_req`":
    Redirect => "redirect",
    Method => "method",
    Challenge => "challenge",
    PaReq => "pa_req",
}

/// Where a step is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepWay {
    /// In the whole window.
    Window,
    /// In a frame of the checkout, in front of everything else.
    Modal,
    /// In a frame that nobody sees. The shopper has nothing to do.
    Hidden,
}

named! {
    /// The text is not the name of a way.
    StepWay, UnknownStepWay, "must be `window`, `modal` or `hidden`":
    Window => "window",
    Modal => "modal",
    Hidden => "hidden",
}

/// The sizes in which an issuer draws its challenge, smallest first.
///
/// Source: EMV 3-D Secure, Protocol and Core Functions Specification 2.2.0, table A.1, "Challenge Window Size".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeWindow {
    /// 250 x 400 CSS pixels.
    W250,
    /// 390 x 400.
    W390,
    /// 600 x 400.
    W600,
    /// 500 x 600.
    W500,
    /// All that there is.
    Full,
}

named! {
    /// The text is not the code of a window.
    ChallengeWindow, UnknownChallengeWindow, "must be `01` to `05`":
    W250 => "01",
    W390 => "02",
    W500 => "03",
    W600 => "04",
    Full => "05",
}

impl ChallengeWindow {
    /// Width and height in CSS pixels; `None` is the whole of the window.
    pub const fn size(self) -> Option<(u32, u32)> {
        match self {
            Self::W250 => Some((250, 400)),
            Self::W390 => Some((390, 400)),
            Self::W600 => Some((600, 400)),
            Self::W500 => Some((500, 600)),
            Self::Full => None,
        }
    }

    /// The window that suits so much room, CSS pixels: the roomiest that fits and is plainly in front of something, or all of a small
    /// screen. A challenge is read and typed in, so height counts for more than width.
    pub const fn that_fits(width: u32, height: u32) -> Self {
        let mut windows = [Self::W500, Self::W600, Self::W390].as_slice();
        while let [window, rest @ ..] = windows {
            if let Some((wide, high)) = window.size()
                && width >= wide + MARGIN
                && height >= high
            {
                return *window;
            }
            windows = rest;
        }
        Self::Full
    }
}

/// So much wider than a window is the room around it, CSS pixels: else it may as well have all of it.
const MARGIN: u32 = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_screen_gets_the_window_that_people_would_choose() {
        for (width, height, window) in [
            (1280, 900, ChallengeWindow::W500),
            (768, 1024, ChallengeWindow::W500),
            (1280, 560, ChallengeWindow::W600),
            (600, 560, ChallengeWindow::W390),
            (360, 640, ChallengeWindow::Full),
            (390, 844, ChallengeWindow::Full),
            (320, 480, ChallengeWindow::Full),
            (1280, 300, ChallengeWindow::Full),
            (0, 0, ChallengeWindow::Full),
        ] {
            assert_eq!(ChallengeWindow::that_fits(width, height), window, "{width} x {height}");
        }
    }

    #[test]
    fn codes_are_those_of_the_specification() {
        for (code, size) in [
            ("01", Some((250, 400))),
            ("02", Some((390, 400))),
            ("03", Some((500, 600))),
            ("04", Some((600, 400))),
            ("05", None),
        ] {
            assert_eq!(code.parse::<ChallengeWindow>().unwrap().size(), size, "{code}");
        }
        assert!("06".parse::<ChallengeWindow>().is_err());
    }

    proptest! {
        #[test]
        fn a_window_never_is_larger_than_the_room_for_it(width: u16, height: u16) {
            if let Some((wide, high)) = ChallengeWindow::that_fits(width.into(), height.into()).size() {
                prop_assert!(wide <= width.into() && high <= height.into());
            }
        }
    }
}
