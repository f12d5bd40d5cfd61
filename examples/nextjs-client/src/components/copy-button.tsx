"use client";

import { useEffect, useState } from "react";
import { CheckIcon, CopyIcon } from "./icons";

const shownMs = 1500; // how long the check mark stays

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), shownMs);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      // Without https there is no clipboard; the text can still be selected.
    }
  };
  return (
    <button type="button" className="icon-button small" onClick={copy} aria-label={copied ? "Copied" : label} title={label}>
      {copied ? <CheckIcon /> : <CopyIcon />}
    </button>
  );
}
