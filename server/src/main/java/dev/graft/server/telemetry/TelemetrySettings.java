package dev.graft.server.telemetry;

import java.net.URI;
import java.util.Optional;

/**
 * Who is told what this process does.
 *
 * @param collector the base address of an OTLP collector over HTTP, for traces
 * @param errors the DSN of an error tracker
 */
public record TelemetrySettings(Optional<URI> collector, Optional<URI> errors) {}
