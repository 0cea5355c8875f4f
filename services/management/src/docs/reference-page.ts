// The page of the reference: RapiDoc in our colours, light and dark as the reader's system is.

/** Sets colours before the first paint, and again when the system changes. */
export const themeScript = `const dark = matchMedia("(prefers-color-scheme: dark)");
const narrow = matchMedia("(max-width: 900px)");
function paint() {
  const page = document.querySelector("rapi-doc");
  const set = (values) => { for (const [name, value] of Object.entries(values)) page.setAttribute(name, value); };
  set(dark.matches
    ? { theme: "dark", "bg-color": "#12151b", "text-color": "#eceae4", "primary-color": "#8fb0ff", "nav-bg-color": "#0d1015", "nav-text-color": "#9aa3b2", "nav-hover-bg-color": "#1b2029" }
    : { theme: "light", "bg-color": "#fbfaf7", "text-color": "#14181f", "primary-color": "#1d4ed8", "nav-bg-color": "#f3f1ea", "nav-text-color": "#4b5463", "nav-hover-bg-color": "#e9e6dc" });
  set({ "render-style": narrow.matches ? "view" : "focused", "allow-spec-file-download": String(!narrow.matches) });
}
dark.addEventListener("change", paint);
narrow.addEventListener("change", paint);
paint();
`;

/** The page; its scripts come from the same host. */
export const referencePage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>API reference · QRFactory</title>
<style>html, body { margin: 0; height: 100%; } rapi-doc { width: 100%; height: 100vh; }
.home { display: block; padding: 1rem 1.25rem; font: 600 1.05rem ui-sans-serif, system-ui, sans-serif; color: inherit; text-decoration: none; }</style>
</head>
<body>
<rapi-doc spec-url="/api/openapi.json" load-fonts="false" regular-font="ui-sans-serif, system-ui, sans-serif"
  mono-font="ui-monospace, Menlo, Consolas, monospace" show-header="false" allow-server-selection="false"
  allow-spec-file-download="true" schema-style="table" schema-description-expanded="true" use-path-in-nav-bar="false"
  show-method-in-nav-bar="as-colored-text" nav-item-spacing="compact" persist-auth="false" sort-endpoints-by="none"
  show-components="false" allow-authentication="true" allow-try="true" default-schema-tab="example" font-size="default">
  <a slot="nav-logo" class="home" href="/">QRFactory API</a>
</rapi-doc>
<script type="module" src="/api/docs/theme.js"></script>
<script type="module" src="/api/docs/rapidoc-min.js"></script>
</body>
</html>
`;
