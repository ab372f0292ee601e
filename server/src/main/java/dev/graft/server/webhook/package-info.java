/**
 * Tells others what happened: signs events and delivers them to webhooks, wherever that is safe.
 */
@NullMarked
package dev.graft.server.webhook;

import org.jspecify.annotations.NullMarked;
