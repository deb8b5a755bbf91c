package import APIProtocol
package import ObjectModel
internal import ObjectStorage

/// Reads and writes the objects of one kind, as the verbs do: what a subresource handler changes its object with.
package struct ObjectAccess: Sendable {
    let writer: ObjectWriter
    let context: WriteContext

    /// The same access that stores nothing, where the body says so.
    package func with(dryRun: Bool) -> ObjectAccess {
        var context = context
        context.dryRun = dryRun
        return ObjectAccess(writer: writer, context: context)
    }

    /// The object; 404 when there is none.
    package func get(namespace: String, name: String) async throws(APIStatus) -> Value {
        let key = context.key(namespace: namespace, name: name)
        return try await writer.require(key, kind: context.kind, name: name).value
    }

    /// Changes the object: `change` gets what is stored and makes what is to be stored; it may run any number of times,
    /// since conflicts are tried again. `subresource` is what admission and the kind's validation see. Rules of the main
    /// resource (status is kept, generation counts) do not apply. The answer is the object as stored.
    package func update(
        namespace: String, name: String, subresource: String,
        _ change: @escaping @Sendable (inout Value) throws(APIStatus) -> Void
    ) async throws(APIStatus) -> Value {
        let whole = ObjectChange(
            namespace: namespace, name: name, part: .custom(subresource), subresource: subresource
        ) { stored, _ throws(APIStatus) in
            var object = stored
            try change(&object)
            return object
        }
        return try await writer.update(context, whole).value
    }

    /// Deletes the object as a DELETE with these options does; the answer is the object as it is (or was) afterwards.
    @discardableResult
    package func delete(
        namespace: String, name: String, options: DeleteOptions
    ) async throws(APIStatus) -> Value {
        try await writer.delete(context, namespace: namespace, name: name, options: options).value
    }
}
