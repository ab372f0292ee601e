package dev.graft.core.apply;

import java.util.List;

/**
 * One customer's account at Vapi. Calls given together are made at the same time; the replies come
 * in the order of the calls. Reads, updates and deletes may be repeated inside; creates are not.
 */
public interface VapiAccount {
  List<Reply> send(List<Call> calls);
}
