internal import APIProtocol
internal import ObjectModel

/// The form in which a client wants objects.
struct Representation: Sendable, Hashable {
    /// What is written of an object.
    enum Shape: Sendable, Hashable {
        /// All of it.
        case whole
        /// A row of a Table.
        case table(version: String, includes: Included)
        /// Only its metadata.
        case metadata(version: String)
    }

    /// What a row of a Table carries beside its cells.
    enum Included: String, Sendable, Hashable {
        case none = "None"
        case metadata = "Metadata"
        case object = "Object"
    }

    /// The bytes.
    enum Encoding: Sendable, Hashable { case json, yaml }

    /// What is written of an object.
    var shape: Shape
    /// The bytes.
    var encoding: Encoding

    /// Whole objects as JSON.
    static let plain = Representation(shape: .whole, encoding: .json)

    /// Tells the encodings of one event apart.
    var memoKey: String {
        switch shape {
        case .whole: "whole"
        case .table(let version, let includes): "table/\(version)/\(includes.rawValue)"
        case .metadata(let version): "metadata/\(version)"
        }
    }

    /// Chooses from an `Accept` header: the first clause (by quality) that is served; 406 when none is.
    static func negotiate(_ request: APIRequest) throws(APIStatus) -> Representation {
        guard let header = request.headers["Accept"], !header.isEmpty else { return .plain }
        for clause in AcceptClause.parse(header) {
            guard let encoding = clause.encoding else { continue }
            guard let form = clause.parameters["as"] else { return Representation(shape: .whole, encoding: encoding) }
            guard clause.parameters["g"] == "meta.k8s.io", let version = clause.parameters["v"],
                ["v1", "v1beta1"].contains(version)
            else { continue }
            switch form {
            case "Table":
                let included = try included(request)
                return Representation(shape: .table(version: version, includes: included), encoding: encoding)
            case "PartialObjectMetadata", "PartialObjectMetadataList":
                return Representation(shape: .metadata(version: version), encoding: encoding)
            default: continue
            }
        }
        throw APIStatus(
            code: 406, reason: .notAcceptable,
            message: "only the following media types are accepted: application/json, application/yaml")
    }

    private static func included(_ request: APIRequest) throws(APIStatus) -> Included {
        guard let text = request.query("includeObject"), !text.isEmpty else { return .metadata }
        guard let included = Included(rawValue: text) else {
            throw .badRequest("unrecognized includeObject value: \"\(text)\"")
        }
        return included
    }
}

/// One clause of an `Accept` header.
struct AcceptClause: Sendable, Hashable {
    /// The media type or range.
    let mediaType: String
    /// Its parameters.
    let parameters: [String: String]

    /// The encoding that serves it; nil when none does.
    var encoding: Representation.Encoding? {
        switch mediaType {
        case "application/json", "application/*", "*/*": .json
        case "application/yaml": .yaml
        default: nil
        }
    }

    /// Reads a header; clauses of higher quality come first, those of quality 0 are left out.
    static func parse(_ header: String) -> [AcceptClause] {
        let clauses = header.split(separator: ",").map { clause in
            let parts = clause.split(separator: ";").map { $0.filter { !$0.isWhitespace } }
            let pairs = parts.dropFirst().compactMap { part -> (String, String)? in
                guard let sign = part.firstIndex(of: "=") else { return nil }
                return (String(part[..<sign]), String(part[part.index(after: sign)...]))
            }
            return AcceptClause(
                mediaType: parts.first?.lowercased() ?? "",
                parameters: Dictionary(pairs, uniquingKeysWith: { first, _ in first }))
        }
        let ranked = clauses.enumerated().map { (order: $0, quality: $1.quality, clause: $1) }
        return ranked.filter { $0.quality > 0 }
            .sorted { $0.quality == $1.quality ? $0.order < $1.order : $0.quality > $1.quality }
            .map(\.clause)
    }

    private var quality: Double { parameters["q"].flatMap(Double.init) ?? 1 }
}
