// Where a scan of a code leads: the one place that decides it, for the redirect service and for the API's `resolve`.
// Pure and without waiting; a caller that gives a trace is told each step.

import type { Served } from "@qrfactory/domain/events";
import { intentAddress, isWebAddress } from "./app-links.js";
import { withCampaign, withQuery } from "./location-query.js";
import type { Routing } from "./routing.js";
import { type Conditions, compileRules, failingCondition, type Rules, type Visitor } from "./rules.js";
import { compileVariants, type Variant, variantOf } from "./variants.js";

/** The code at the moment of the scan. */
export type CodeState = {
  isActive: boolean;
  /** Milliseconds since the epoch, or null. */
  expiresAt: number | null;
  /** All scans that it was made for have been. */
  isUsedUp: boolean;
  fallbackUrl: string | null;
};

/** The ways on from a code, made from its published form once for each version. */
export type Routes = {
  destination: string;
  passwordHash: string | null;
  rules: Rules;
  variants: Variant[];
  /** Campaign parameters as a query, part of every address above; null for none. */
  campaign: string | null;
  passesQuery: boolean;
  /** Whether deciding may need the visitor's country. */
  asksCountry: boolean;
  apps: { ios?: string; android?: string } | null;
};

/** The outcome of a scan: an address, a page, or the question for a password. */
export type Decision =
  | {
      kind: "leads";
      url: string;
      /** Index of the rule that matched, and of the variant that was drawn; null where neither was. */
      rule: number | null;
      variant: number | null;
      /** Address of an app that a page has to open, with `url` as the way back; null for a plain redirect. */
      app: string | null;
      served: Served;
    }
  /** The scan ends at a page. */
  | { kind: "page"; page: "paused" | "expired" | "used" }
  | { kind: "password"; passwordHash: string };

/** One step of a decision, in words; made only where somebody asks, because a scan does not. */
export type Step = {
  step: "schedule" | "state" | "password" | "rule" | "variant" | "destination" | "query" | "app";
  detail: string;
};

/** Receives each step of a decision with a sentence about it, in order. */
export type Trace = (step: Step["step"], detail: string) => void;

/** Makes the published routing of a code ready; null (no routing) leads to the destination alone. */
export function compileRoutes(destinationUrl: string, routing: Routing | null): Routes {
  const { password, rules = [], variants = [], query, utm, apps } = routing ?? {};
  const toUrl = (url: string) => (utm === undefined ? url : withCampaign(url, utm));
  const toApp = (link: string) => (isWebAddress(link) ? toUrl(link) : link);
  return {
    destination: toUrl(destinationUrl),
    passwordHash: password ?? null,
    rules: compileRules(rules, toUrl),
    variants: compileVariants(variants, toUrl),
    campaign: utm ?? null,
    passesQuery: query === true,
    asksCountry: rules.some(({ country }) => country !== undefined),
    apps: apps
      ? { ...(apps.ios && { ios: toApp(apps.ios) }), ...(apps.android && { android: toApp(apps.android) }) }
      : null,
  };
}

/** Circumstances of a decision beside the code and its scanner. */
export type RouteOptions = {
  /** The right password was given. */
  isUnlocked?: boolean;
  trace?: Trace;
};

/**
 * Decides in the order of contract section 5: paused, expired, used up; password; rules; variants; destination; then
 * the query and apps. `at` is milliseconds since the epoch.
 */
export function route(
  state: CodeState,
  routes: Routes,
  visitor: Visitor,
  at: number,
  { isUnlocked = false, trace }: RouteOptions = {},
): Decision {
  const ended = endOf(state, at);
  if (ended !== null) return leaveBy(state, ended, trace);
  if (routes.passwordHash !== null && !isUnlocked) {
    trace?.("password", "The scanner is asked for the password first.");
    return { kind: "password", passwordHash: routes.passwordHash };
  }
  const rule = matchingRule(routes.rules, visitor, at, trace);
  const variant = rule === null && routes.variants.length > 0 ? variantOf(routes.variants, visitor.key()) : null;
  if (variant !== null) trace?.("variant", variantDetail(routes.variants, variant));
  const chosen = routes.rules.urls[rule ?? -1] ?? routes.variants[variant ?? -1]?.url;
  if (chosen === undefined) trace?.("destination", "Nothing else applies, so the destination of the code does.");
  const { url, app, isApp } = landing(chosen ?? routes.destination, routes, visitor, trace);
  return {
    kind: "leads",
    url,
    rule,
    variant,
    app,
    served: isApp ? "app" : variant === null ? "destination" : "variant",
  };
}

/** The facts that may end a code; without a number of scans it is never used up. */
export type Ending = Pick<CodeState, "isActive" | "expiresAt"> & Partial<Pick<CodeState, "isUsedUp">>;

/** Why a code leads nowhere of its own at a moment; null when it does. */
export function endOf(state: Ending, at: number): "paused" | "expired" | "used" | null {
  if (!state.isActive) return "paused";
  if (state.expiresAt !== null && state.expiresAt <= at) return "expired";
  return state.isUsedUp ? "used" : null;
}

/** Where a code leads that has nothing but a destination; null where a page says that it has ended. */
export function leadPlainly(
  state: Ending & Pick<CodeState, "fallbackUrl">,
  destinationUrl: string | null,
  at: number,
): string | null {
  return endOf(state, at) === null ? destinationUrl : state.fallbackUrl;
}

const endings = { paused: "The code is paused", expired: "The code has expired", used: "The code is used up" };

function leaveBy({ fallbackUrl }: CodeState, page: keyof typeof endings, trace?: Trace): Decision {
  const way = fallbackUrl === null ? "there is no fallback_url, so a page says so" : "its fallback_url applies";
  trace?.("state", `${endings[page]}; ${way}.`);
  if (fallbackUrl === null) return { kind: "page", page };
  return { kind: "leads", url: fallbackUrl, rule: null, variant: null, app: null, served: "fallback" };
}

function matchingRule({ asks }: Rules, visitor: Visitor, at: number, trace?: Trace): number | null {
  for (let index = 0; index < asks.length; index++) {
    const failing = failingCondition(asks[index] as Conditions, visitor, at);
    trace?.("rule", failing ? `Rule ${index} does not match: ${failing}.` : `Rule ${index} matches.`);
    if (failing === null) return index;
  }
  return null;
}

function variantDetail(variants: Variant[], index: number): string {
  const whole = variants.reduce((sum, { weight }) => sum + weight, 0);
  const share = ((100 * (variants[index] as Variant).weight) / whole).toFixed(1);
  return `This visitor keeps variant ${index}, which ${share} % of all visitors get.`;
}

function traceQuery(trace: Trace, found: string, url: string, { campaign, passesQuery }: Routes): void {
  if (campaign !== null && found.includes(campaign)) trace("query", `The address carries the campaign: ${campaign}.`);
  if (url !== found) trace("query", "The query of the scan goes along.");
  else if (passesQuery) trace("query", "The query of a scan goes along; of this one there is nothing to add.");
}

/** Turns the chosen address into the final one: adds the query of the scan, or opens an app in place of the web. */
function landing(
  found: string,
  routes: Routes,
  visitor: Visitor,
  trace?: Trace,
): { url: string; app: string | null; isApp: boolean } {
  const pass = (url: string) => (routes.passesQuery ? withQuery(url, visitor.query) : url);
  const url = pass(found);
  if (trace) traceQuery(trace, found, url, routes);
  if (routes.apps === null) return { url, app: null, isApp: false };
  const { os, botClass } = visitor.client();
  const link = os === "iOS" ? routes.apps.ios : os === "Android" ? routes.apps.android : undefined;
  // A machine that reads the page behind a code is told of the page.
  if (link === undefined || botClass !== null) return { url, app: null, isApp: false };
  trace?.("app", `The app is opened by ${link}; without it the way is ${url}.`);
  if (isWebAddress(link)) return { url: pass(link), app: null, isApp: true };
  return os === "Android" ? { url: intentAddress(link, url), app: null, isApp: true } : { url, app: link, isApp: true };
}
