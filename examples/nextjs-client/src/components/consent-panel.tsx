"use client";

import { useEffect, useRef, useState } from "react";
import { consentUrl, scopeText, serviceName, type ConsentRequest } from "@/lib/interrupts";
import { KeyIcon } from "./icons";

const lookMs = 500; // how often we look whether the popup is closed

interface Props {
  request: ConsentRequest;
  onResume: () => void;
}

// Whether the popup was open for this request before. Refused consent interrupts the run again, and the panel is made
// anew; without this it would look as if nothing had happened.
const askedBefore = new Set<string>();

/** A tool needs the user's consent at a third party. It is given in a popup; when that is closed, the run goes on. */
export function ConsentPanel({ request, onResume }: Props) {
  const url = consentUrl(request);
  const [step, setStep] = useState<"asking" | "open" | "blocked" | "cancelled">("asking");
  const [wasRefused] = useState(() => askedBefore.has(url));
  const popup = useRef<Window | null>(null);
  const resume = useRef(onResume);
  resume.current = onResume;

  useEffect(() => {
    if (step !== "open") return;
    const timer = setInterval(() => {
      if (!popup.current?.closed) return;
      clearInterval(timer);
      // Whether consent was given is for the server to find out.
      resume.current();
    }, lookMs);
    return () => clearInterval(timer);
  }, [step]);

  const open = () => {
    popup.current = window.open(url, "heddle-consent", "popup,width=520,height=680");
    askedBefore.add(url);
    setStep(popup.current ? "open" : "blocked");
  };

  const service = serviceName(request.connection);
  if (step === "cancelled") {
    return (
      <div className="notice" data-testid="consent-cancelled">
        <KeyIcon />
        <p>Access to {service} was not allowed. You can go on without it, or allow it now.</p>
        <button type="button" className="button small" onClick={() => setStep("asking")} data-testid="consent-again">
          Ask me again
        </button>
      </div>
    );
  }
  return (
    <section className="panel" aria-label={`Access to ${service}`} data-testid="consent-panel" data-step={step}>
      <div className="panel-head">
        <KeyIcon />
        <div>
          <p className="panel-kind">Your permission is needed</p>
          <p className="panel-title">
            The assistant would like to use <strong data-testid="consent-service">{service}</strong> for you
          </p>
        </div>
      </div>
      <p className="muted">If you continue, {service} asks you to let it:</p>
      <ul className="scopes" data-testid="consent-scopes">
        {[...new Set(request.requiredScopes)].map((scope) => (
          <li key={scope} title={scope}>{scopeText(scope)}</li>
        ))}
      </ul>
      {wasRefused && step === "asking" && (
        <p className="panel-note" data-testid="consent-refused">
          {service} has not given its permission yet. Try again, or cancel and go on without.
        </p>
      )}
      {step === "open" && <p className="panel-note">Waiting for the window of {service} to be closed…</p>}
      {step === "blocked" && (
        <p className="panel-note">
          The browser has blocked the window.{" "}
          <a href={url} target="_blank" rel="opener" data-testid="consent-link">
            Open it in a tab
          </a>
          , and continue here when you are done.
        </p>
      )}
      <div className="row end">
        <button type="button" className="button" onClick={() => setStep("cancelled")} data-testid="consent-cancel">
          Cancel
        </button>
        <button
          type="button"
          className="button primary"
          onClick={step === "blocked" ? onResume : open}
          data-testid="consent-continue"
          autoFocus
        >
          {step === "open" ? "Show the window" : "Continue"}
        </button>
      </div>
    </section>
  );
}
