package import APIProtocol
package import ObjectModel
internal import Schema

/// Reads and writes the objects of one kind, as the verbs do: what a subresource handler changes its object with.
package struct ObjectAccess: Sendable {
    /// The object; 404 when there is none.
    package func get(namespace: String, name: String) async throws(APIStatus) -> Value {
        throw .unavailable("not served yet")
    }

    /// Changes the object: `change` gets what is stored and makes what is to be stored; it may run several times, since
    /// conflicts are tried again. `subresource` is what admission sees. The answer is the object as stored.
    package func update(
        namespace: String, name: String, subresource: String,
        _ change: @escaping @Sendable (inout Value) throws(APIStatus) -> Void
    ) async throws(APIStatus) -> Value {
        throw .unavailable("not served yet")
    }

    /// Deletes the object as a DELETE with these options does; answers with what DELETE answers.
    package func delete(
        namespace: String, name: String, options: DeleteOptions
    ) async throws(APIStatus) -> Value {
        throw .unavailable("not served yet")
    }
}
