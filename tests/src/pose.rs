//! How a page is looked at: colours, width, size of text; and pictures of it.

use base64::Engine as _;
use serde_json::json;

use crate::browser::Browser;

/// What a page is looked at with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pose {
    /// Whether the shopper's system is dark.
    pub dark: bool,
    /// Width of the page, CSS pixels.
    pub width: u32,
    /// Size of text, per cent of the usual.
    pub text: u32,
}

impl Pose {
    /// Light, at this width.
    pub const fn light(width: u32) -> Self {
        Self { dark: false, width, text: 100 }
    }

    /// Dark, at this width.
    pub const fn dark(width: u32) -> Self {
        Self { dark: true, ..Self::light(width) }
    }

    /// With text of this size, per cent.
    pub const fn text(self, text: u32) -> Self {
        Self { text, ..self }
    }

    /// For names of files: `dark-360`.
    pub fn name(self) -> String {
        let colours = if self.dark { "dark" } else { "light" };
        let text = if self.text == 100 { String::new() } else { format!("-{}pc", self.text) };
        format!("{colours}-{}{text}", self.width)
    }
}

/// Two frames: the first one may still be of the old size.
const PAINTED: &str = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done(true)))";

/// Height of the window in pictures, CSS pixels; a longer page makes a higher picture.
const HEIGHT: u32 = 640;

impl Browser {
    /// Looks at the page that is open, whatever its state, in another way. Sizes of text are those of the document looked at.
    pub async fn pose(&self, pose: Pose) {
        let colours = if pose.dark { "dark" } else { "light" };
        let media = json!({"features": [
            {"name": "prefers-color-scheme", "value": colours},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]});
        self.cdp("Emulation.setEmulatedMedia", media).await;
        self.window(pose.width, HEIGHT).await;
        let size = if pose.text == 100 { String::new() } else { format!("{}%", pose.text) };
        self.script(&format!("document.documentElement.style.fontSize = '{size}'; return true"))
            .await;
        self.client.execute_async(PAINTED, Vec::new()).await.expect("a page that paints");
    }

    async fn window(&self, width: u32, height: u32) {
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.cdp("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// How far the document looked at can be scrolled sideways, CSS pixels. Source: WCAG 2.2, 1.4.10.
    pub async fn sideways(&self) -> i64 {
        let script =
            "const root = document.documentElement; return root.scrollWidth - root.clientWidth";
        self.script(script).await.as_i64().expect("a number")
    }

    /// A picture of the whole page, as long as it is: PNG.
    pub async fn picture(&self, width: u32) -> Vec<u8> {
        let metrics = self.cdp("Page.getLayoutMetrics", json!({})).await;
        let height =
            metrics["cssContentSize"]["height"].as_u64().expect("a height in whole pixels");
        // A window that holds all of it: what is far outside of the window is not painted, if it is a frame.
        self.window(width, u32::try_from(height).unwrap_or(HEIGHT).max(HEIGHT)).await;
        self.client.execute_async(PAINTED, Vec::new()).await.expect("a page that paints");
        let clip = json!({"x": 0, "y": 0, "width": width, "height": height, "scale": 1});
        let picture = self
            .cdp(
                "Page.captureScreenshot",
                json!({"format": "png", "captureBeyondViewport": true, "clip": clip}),
            )
            .await;
        let data = picture["data"].as_str().expect("a picture");
        base64::engine::general_purpose::STANDARD.decode(data).expect("base64")
    }
}
