"use client";

import { useEffect } from "react";

// Where a popup for consent ends. The page that opened it sees that it has closed, and goes on.
export default function Close() {
  useEffect(() => window.close(), []);
  return (
    <main className="centred" data-testid="close-page">
      <div className="card">
        <h1>All done</h1>
        <p className="muted">You can close this window and go back to the chat.</p>
      </div>
    </main>
  );
}
