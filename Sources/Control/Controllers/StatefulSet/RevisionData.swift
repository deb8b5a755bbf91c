package import ObjectModel

/// What a ControllerRevision remembers of a set, in upstream's shape, and the name made from it.
package enum RevisionData {
    /// The data: a patch that puts the template back.
    package static func data(template: Value) -> Value {
        var template = template
        template["$patch"] = "replace"
        return ["spec": ["template": template]]
    }

    /// The template that the data puts back.
    package static func template(of data: Value) -> Value {
        var template = data["spec", "template"] ?? .emptyObject
        template["$patch"] = nil
        return template
    }

    /// Upstream's hash of the data and the collision count.
    package static func hash(_ data: Value, collisionCount: Int) -> String {
        ContentHash.hash(data, collisionCount: collisionCount)
    }

    /// The name of a revision of the set `parent`.
    package static func name(parent: String, hash: String) -> String {
        "\(String(decoding: parent.utf8.prefix(223), as: UTF8.self))-\(hash)"
    }
}
