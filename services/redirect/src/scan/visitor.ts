// Facts about the visitor that the rules of a code may ask for, found out only when they do. None of them is kept.
import { createHmac, hash } from "node:crypto";
import type { Visitor } from "@qrfactory/codes/routing/rules";
import { householdOf } from "@qrfactory/domain/network/network";
import type { Place } from "@qrfactory/visitor/geolocation";
import { botClassOf, readLanguage } from "@qrfactory/visitor/traits";
import { readUserAgent } from "@qrfactory/visitor/user-agent";
import type { Scanner } from "./scan.js";

/** Sources of facts about a visitor. */
export type VisitorOptions = {
  visitorSecret: string;
  /** Where a network is. */
  locate: (network: string) => Place;
};

/** The visitor who scans the code of this id. */
export type VisitorOf = (scanner: Scanner, codeId: string) => Visitor;

const keyDigits = 16;

/** Makes the reader of visitors; facts that no rule asks for are not found out. */
export function makeVisitorOf({ visitorSecret, locate }: VisitorOptions): VisitorOf {
  // Not the key of the visitors in records: that one changes daily, and a variant is kept for longer.
  const variantKey = createHmac("sha256", visitorSecret).update("variant").digest("hex");

  /** Lives as long as the answer to its scan. A class, because making five functions for each scan takes longer. */
  class ScanVisitor implements Visitor {
    #country: string | null | undefined;
    #client: ReturnType<Visitor["client"]> | undefined;
    #system: string | undefined;
    #language: string | undefined;

    constructor(
      readonly scanner: Scanner,
      readonly codeId: string,
    ) {}

    get query(): string {
      return withoutFragment(this.scanner.query);
    }

    country(): string | null {
      if (this.#country === undefined) this.#country = locate(this.scanner.network).country;
      return this.#country;
    }

    client(): ReturnType<Visitor["client"]> {
      this.#client ??= readUserAgent(this.scanner.userAgent);
      return this.#client;
    }

    system(): string {
      this.#system ??= (this.client().os ?? "").toLowerCase();
      return this.#system;
    }

    language(): string {
      this.#language ??= readLanguage(this.scanner.language);
      return this.#language;
    }

    key(): string {
      const { address, userAgent } = this.scanner;
      const text = `${variantKey}\n${this.codeId}\n${householdOf(address)}\n${userAgent}`;
      return hash("sha256", text, "hex").slice(0, keyDigits);
    }
  }

  return (scanner, codeId) => new ScanVisitor(scanner, codeId);
}

/** Whether a scan counts: a person's, as its record says. */
export function isPerson({ userAgent, isPrefetch }: Scanner): boolean {
  return botClassOf(readUserAgent(userAgent), isPrefetch) === null;
}

function withoutFragment(query: string): string {
  const hashAt = query.indexOf("#");
  return hashAt < 0 ? query : query.slice(0, hashAt);
}
