"use client";

import { readableError } from "@/lib/errors";
import { WarningIcon } from "./icons";

export function ErrorNotice({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { title, advice, details, needsLogin } = readableError(error);
  return (
    <div className="notice error" role="alert" data-testid="error">
      <WarningIcon />
      <div className="notice-text">
        <p>
          <strong data-testid="error-title">{title}</strong>
        </p>
        <p>{advice}</p>
        {details && (
          <details>
            <summary>What the server said</summary>
            <pre tabIndex={0} data-testid="error-details">{details}</pre>
          </details>
        )}
      </div>
      {needsLogin ? (
        <a className="button small" href="/auth/login?returnTo=/">
          Log in
        </a>
      ) : (
        <button type="button" className="button small" onClick={onRetry} data-testid="retry">
          Try again
        </button>
      )}
    </div>
  );
}
