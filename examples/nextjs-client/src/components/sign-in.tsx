import { Mark } from "./icons";

export function SignIn({ hasFailed }: { hasFailed: boolean }) {
  return (
    <main className="centred" data-testid="sign-in">
      <div className="card">
        <Mark />
        <h1>Welcome</h1>
        <p className="muted">Log in to talk to the assistant. It acts for you, and only with what you allow.</p>
        {hasFailed && (
          <p className="panel-note" role="alert" data-testid="log-in-failed">
            The login did not succeed. Please try again.
          </p>
        )}
        {/* A plain link: the login is a route of the middleware, not a page. */}
        <a className="button primary" href="/auth/login?returnTo=/" data-testid="log-in">
          Log in
        </a>
      </div>
    </main>
  );
}
