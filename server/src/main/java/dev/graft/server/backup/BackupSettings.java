package dev.graft.server.backup;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Where backups go, and when they are made without anyone asking.
 *
 * @param every how often; nothing for never
 * @param keep how many are kept, the newest ones
 */
public record BackupSettings(Path folder, Optional<Duration> every, int keep) {}
