/// One broken rule at one field, in the words of upstream's `field.Error`.
package struct FieldError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What sort of rule is broken.
    package enum ErrorType: Sendable, Equatable {
        case required, invalid, notSupported, forbidden, duplicate, tooLong, tooMany, notFound, typeInvalid,
            internalError

        /// The cause's reason in a Status.
        package var causeReason: String {
            switch self {
            case .required: "FieldValueRequired"
            case .invalid: "FieldValueInvalid"
            case .notSupported: "FieldValueNotSupported"
            case .forbidden: "FieldValueForbidden"
            case .duplicate: "FieldValueDuplicate"
            case .tooLong: "FieldValueTooLong"
            case .tooMany: "FieldValueTooMany"
            case .notFound: "FieldValueNotFound"
            case .typeInvalid: "FieldValueTypeInvalid"
            case .internalError: "InternalError"
            }
        }

        var text: String {
            switch self {
            case .required: "Required value"
            case .invalid: "Invalid value"
            case .notSupported: "Unsupported value"
            case .forbidden: "Forbidden"
            case .duplicate: "Duplicate value"
            case .tooLong: "Too long"
            case .tooMany: "Too many"
            case .notFound: "Not found"
            case .typeInvalid: "Invalid value"
            case .internalError: "Internal error"
            }
        }
    }

    /// The sort of rule.
    package let type: ErrorType
    /// The path, such as `spec.containers[0].image`.
    package let field: String
    /// The offending value; nil when it is not shown.
    package let badValue: Value?
    /// What would be right.
    package let detail: String

    /// An error at `field`.
    package init(_ type: ErrorType, _ field: String, _ badValue: Value? = nil, _ detail: String = "") {
        self.type = type
        self.field = field
        self.badValue = badValue
        self.detail = detail
    }

    /// How many bytes of the offending value are shown.
    package static let maximumValueLength = 4096

    /// The message without the path.
    package var body: String {
        var text = type.text
        switch type {
        case .required, .forbidden, .tooLong, .internalError: break
        default:
            if let badValue { text += ": \(JSON.text(badValue).cut(toBytes: Self.maximumValueLength))" }
        }
        return detail.isEmpty ? text : "\(text): \(detail)"
    }

    package var description: String { "\(field): \(body)" }
}

/// Builds the path of a field: `spec.containers[0].ports[1].name`, `metadata.labels[app]`.
package struct FieldPath: Sendable, Hashable, CustomStringConvertible {
    /// The path as text.
    package let description: String

    /// The path of a top-level field.
    package init(_ text: String) { description = text }
    /// The field `name` below this one.
    package func child(_ name: String) -> FieldPath {
        description.isEmpty ? FieldPath(name) : FieldPath("\(description).\(name)")
    }
    /// The item at `index` of this list.
    package func index(_ index: Int) -> FieldPath { FieldPath("\(description)[\(index)]") }
    /// The entry `key` of this map.
    package func key(_ key: String) -> FieldPath { FieldPath("\(description)[\(key)]") }
}
