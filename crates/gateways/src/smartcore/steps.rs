//! The next step that an answer asks for.
//!
//! Every sample redirects to `form_url` and leaves the other fields null, and no document says what those mean: their meaning is that of
//! 3-D Secure, their order our decision. The first that can be taken wins; `docs/gateways/smartcore.md` has the rules.

use farthing_types::StepKind;
use url::Url;

use super::hosts::FormHosts;
use super::reader::{Ambiguous, Node, Object};
use super::wire::answer;
use crate::gateway::{NextStep, Unclear};

/// Longest text that is posted to an issuer, bytes. A `PaReq` has some hundreds, a `creq` fewer.
const MAX_FIELD: usize = 16 * 1024;

/// The step, `None` if there is none to take, or why one that is asked for cannot be taken.
pub(super) fn next_step(hosts: &FormHosts, object: &Object) -> Result<Option<NextStep>, Unclear> {
    let fields = Fields::read(object).map_err(|Ambiguous| Unclear::Malformed)?;
    let step = fields
        .redirect(hosts)
        .or_else(|| fields.challenge(hosts))
        .or_else(|| fields.pa_req(hosts))
        .or_else(|| fields.method(hosts));
    match step {
        Some(step) => Ok(Some(step)),
        None if fields.form_url.is_asked() => Err(Unclear::ForeignHost),
        None if fields.asks() => Err(Unclear::Step),
        None => Ok(None),
    }
}

/// A field as it was found.
#[derive(Clone, Copy)]
enum Found<'a> {
    Absent,
    Text(&'a str),
    /// Something is there that is no text, or too long a one.
    Unusable,
}

impl<'a> Found<'a> {
    fn is_asked(self) -> bool {
        !matches!(self, Self::Absent)
    }

    fn text(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Absent | Self::Unusable => None,
        }
    }
}

/// The fields of both versions, whatever the case of their letters.
struct Fields<'a> {
    form_url: Found<'a>,
    acs_url: Found<'a>,
    creq: Found<'a>,
    pa_req: Found<'a>,
    md: Found<'a>,
    term_url: Found<'a>,
    method_data: Found<'a>,
}

impl<'a> Fields<'a> {
    fn read(object: &'a Object) -> Result<Self, Ambiguous> {
        let find = |name| {
            Ok(match object.filled_in_any_case(name)?.map(Node::as_text) {
                None => Found::Absent,
                Some(Some(text)) if text.len() <= MAX_FIELD => Found::Text(text),
                Some(_) => Found::Unusable,
            })
        };
        Ok(Self {
            form_url: find(answer::FORM_URL)?,
            acs_url: find(answer::ACS_URL)?,
            creq: find(answer::CREQ)?,
            pa_req: find(answer::PA_REQ)?,
            md: find(answer::MD)?,
            term_url: find(answer::TERM_URL)?,
            method_data: find(answer::THREE_DS_METHOD_DATA)?,
        })
    }

    /// Whether a step besides `form_url` is asked for. An `acsurl` alone asks for nothing.
    fn asks(&self) -> bool {
        [self.creq, self.pa_req, self.method_data].into_iter().any(Found::is_asked)
    }

    /// `form_url` wins over everything, because every documented example redirects.
    fn redirect(&self, hosts: &FormHosts) -> Option<NextStep> {
        let target = hosts.allowed(self.form_url.text()?)?;
        Some(NextStep { kind: StepKind::Redirect, target, fields: Vec::new() })
    }

    /// 3-D Secure 2: `creq`, and the session data that the issuer gives back unread.
    fn challenge(&self, hosts: &FormHosts) -> Option<NextStep> {
        let mut fields = vec![("creq", self.creq.text()?.to_owned())];
        fields.extend(self.md.text().map(|md| ("threeDSSessionData", md.to_owned())));
        let target = self.issuer(hosts)?;
        Some(NextStep { kind: StepKind::Challenge, target, fields })
    }

    /// 3-D Secure 1. Without `TermUrl` the issuer could not lead back, so there is no such step. `MD` belongs to the form, also empty.
    fn pa_req(&self, hosts: &FormHosts) -> Option<NextStep> {
        let pa_req = self.pa_req.text()?.to_owned();
        let term_url = hosts.issuer(self.term_url.text()?)?;
        let md = self.md.text().unwrap_or_default().to_owned();
        let fields = vec![("PaReq", pa_req), ("MD", md), ("TermUrl", term_url.into())];
        Some(NextStep { kind: StepKind::PaReq, target: self.issuer(hosts)?, fields })
    }

    /// The device data step. Its page is the issuer's, so that a `form_url` which is not on the list can be it.
    fn method(&self, hosts: &FormHosts) -> Option<NextStep> {
        let data = self.method_data.text()?.to_owned();
        let target = self.issuer(hosts).or_else(|| hosts.issuer(self.form_url.text()?))?;
        Some(NextStep { kind: StepKind::Method, target, fields: vec![("threeDSMethodData", data)] })
    }

    fn issuer(&self, hosts: &FormHosts) -> Option<Url> {
        hosts.issuer(self.acs_url.text()?)
    }
}
