package dev.graft.server.web;

/** How a route says whose account it is about. */
enum Subject {
  /** It is about no account. */
  NONE,
  /** By the member {@code userId} of the body, or of the query of a GET. */
  USER,
  /** By the account in the path. */
  ACCOUNT,
  /** By the installation in the path. */
  INSTALLATION,
  /** By the operation in the path. */
  OPERATION,
  /** By the plan in the path. */
  PLAN
}
