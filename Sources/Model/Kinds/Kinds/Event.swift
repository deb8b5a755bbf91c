internal import ObjectModel
internal import Schema

extension BuiltinKind {
    /// Something that happened to an object.
    static let event = BuiltinKind(
        .events, fieldPaths: ["source": ["source", "component"]], cells: EventKind.cells,
        hooks: EventKind.hooks)
}

private enum EventKind {
    static let cells: [String: Cell] = [
        "Last Seen": { object, now in
            let time =
                object["series"].map { $0.time("lastObservedTime") } ?? object.time("lastTimestamp")
                ?? firstSeen(object)
            return .string(HumanDuration.since(time, now: now))
        },
        "Type": Cells.text("type"),
        "Reason": Cells.text("reason"),
        "Object": { object, _ in
            let involved = object.child("involvedObject")
            let kind = involved.text("kind").lowercased()
            return .string(involved.text("name").isEmpty ? kind : "\(kind)/\(involved.text("name"))")
        },
        "Subobject": Cells.text("involvedObject", "fieldPath"),
        "Source": { object, _ in .string(source(object)) },
        "Message": { object, _ in .string(trimmed(object.text("message"))) },
        "First Seen": { object, now in .string(HumanDuration.since(firstSeen(object), now: now)) },
        "Count": { object, _ in .integer(Int64(count(object))) },
        "Name": Cells.name,
    ]

    static let hooks: KindHooks = {
        var hooks = KindHooks()
        hooks.validateCreate = { validate($0) }
        hooks.validateUpdate = { object, _, _ in validate(object) }
        return hooks
    }()

    private static func firstSeen(_ event: Value) -> Timestamp? {
        event.time("firstTimestamp") ?? event.time("eventTime")
    }

    private static func count(_ event: Value) -> Int {
        if let series = event.object("series") { return series.number("count") ?? 0 }
        let count = event.number("count") ?? 0
        return count == 0 ? 1 : count
    }

    private static func source(_ event: Value) -> String {
        let source = event.child("source")
        let component = source.text("component").isEmpty ? event.text("reportingComponent") : source.text("component")
        let host = source.text("host").isEmpty ? event.text("reportingInstance") : source.text("host")
        return host.isEmpty ? component : "\(component), \(host)"
    }

    private static func trimmed(_ text: String) -> String {
        String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }

    /// An event lies in the namespace of what it is about, or in `default` when that has none.
    private static func validate(_ event: Value) -> [FieldError] {
        let about = event.child("involvedObject").text("namespace")
        let isOldForm = event.time("eventTime") == nil
        let free: Set = isOldForm ? ["", "default"] : ["default", "kube-system"]
        let fits = about.isEmpty ? free.contains(event.namespace) : about == event.namespace
        var errors: [FieldError] = []
        if !fits {
            errors.append(
                Rules.invalid(
                    FieldPath("involvedObject").child("namespace"), .string(about), "does not match event.namespace"))
        }
        guard !isOldForm else { return errors }
        let reporter = event.text("reportingComponent")
        errors +=
            reporter.isEmpty
            ? [Rules.required(FieldPath("reportingComponent"))]
            : Rules.qualifiedName(reporter, FieldPath("reportingComponent"))
        for key in ["reportingInstance", "action", "reason"] {
            let text = event.text(key)
            if text.isEmpty { errors.append(Rules.required(FieldPath(key))) }
            if text.utf8.count > 128 {
                errors.append(Rules.invalid(FieldPath(key), "", "can have at most 128 characters"))
            }
        }
        if event.text("message").utf8.count > 1024 {
            errors.append(Rules.invalid(FieldPath("message"), "", "can have at most 1024 characters"))
        }
        return errors
    }
}
