package dev.graft.store;

/**
 * Something sealed, where it was found.
 *
 * @param place what it was sealed for, within its account
 */
public record SealedRecord(
    SealedColumn column, SealedColumn.Key key, String place, Sealed sealed) {}
