internal import ObjectModel

/// The lists of a strategic merge patch: merging by key, deleting, and the order of the result.
extension StrategicMergePatch {
    /// Merges every list that comes with a `$setElementOrder/NAME` directive, and takes both out of the patch.
    func mergeOrdered(
        _ changes: inout Fields, into result: inout Fields, at position: Int?
    ) throws(APIStatus) {
        let directives = changes.filter { $0.key.hasPrefix(Directive.setElementOrder) }
        guard !directives.isEmpty else { return }
        var done = Set<String>()
        for directive in directives {
            let name = String(directive.key.dropFirst(Directive.setElementOrder.count))
            done.formUnion([directive.key, name])
            let current = try Self.list(result[name])
            let patch = try Self.list(changes[name])
            guard let order = try Self.list(directive.value) else { throw Self.badOrder }
            let plan = plan(for: name, at: position)
            try Self.checkOrder(patch ?? [], order, mergeKey: plan.mergeKey)
            guard let items = try merge(patch, into: current, plan) else { continue }
            result[name] = .array(try Self.ordered(items, by: order, live: current ?? [], mergeKey: plan.mergeKey))
        }
        changes.removeAll { done.contains($0.key) }
    }

    private func merge(_ patch: [Value]?, into current: [Value]?, _ plan: FieldPlan) throws(APIStatus) -> [Value]? {
        switch (patch, current) {
        case (nil, nil): return nil
        case (nil, let current?): return current
        case (let patch?, nil): return Self.withoutDirectives(.array(patch))?.array
        case (let patch?, let current?):
            return plan.strategy == "merge" ? try mergeList(patch, into: current, plan) : patch
        }
    }

    /// The items of `current` with those of `patch` merged in; items of the patch come in the patch's order.
    func mergeList(_ patch: [Value], into current: [Value], _ plan: FieldPlan) throws(APIStatus) -> [Value] {
        guard let first = current.first ?? patch.first else { return [] }
        if first.array != nil || patch.contains(where: { $0.array != nil }) { throw Self.listOfLists }
        let areObjects = first.fields != nil
        guard (current + patch).allSatisfy({ ($0.fields != nil) == areObjects }) else {
            throw .badRequest("list element types are not identical: \(JSON.text(.array(current + patch)))")
        }
        guard areObjects else {
            var seen = Set<Value>()
            let merged = (current + patch).filter { seen.insert($0).inserted }
            return try Self.ordered(merged, by: patch, live: current, mergeKey: "")
        }
        guard !plan.mergeKey.isEmpty else { throw .badRequest("cannot merge lists without merge key for struct") }
        let (live, changes) = try specialItems(patch, current, plan.mergeKey)
        let merged = try mergeItems(changes, into: live, plan)
        return try Self.ordered(merged, by: changes, live: live, mergeKey: plan.mergeKey)
    }

    /// Obeys items that hold a `$patch` directive: gives the live items that stay and the items still to be merged.
    private func specialItems(
        _ patch: [Value], _ current: [Value], _ mergeKey: String
    ) throws(APIStatus) -> (live: [Value], changes: [Value]) {
        var changes: [Value] = []
        var unwanted = Set<Value>()
        var replaces = false
        for item in patch {
            guard let directive = item[Directive.patch] else {
                changes.append(item)
                continue
            }
            switch directive.string {
            case "delete": unwanted.insert(try Self.key(of: item, mergeKey))
            case "replace": replaces = true
            case "merge": throw .badRequest("merging lists cannot yet be specified in the patch")
            default: throw Self.badPatchType(directive, item.fields ?? Fields())
            }
        }
        if replaces { return (changes, []) }
        guard !unwanted.isEmpty else { return (current, changes) }
        return (current.filter { item in item[mergeKey].map { !unwanted.contains($0) } ?? true }, changes)
    }

    private func mergeItems(_ changes: [Value], into live: [Value], _ plan: FieldPlan) throws(APIStatus) -> [Value] {
        var result = live
        var positions = Self.positions(live, plan.mergeKey)
        for change in changes {
            let key = try Self.key(of: change, plan.mergeKey)
            guard let position = positions[key] else {
                positions[key] = result.count
                result.append(Self.withoutDirectives(change) ?? .emptyObject)
                continue
            }
            let merged = try merge(
                change.fields ?? Fields(), into: result[position].fields ?? Fields(), at: plan.child)
            result[position] = .object(merged)
        }
        return result
    }

    /// Sorts items: those in `order` keep its order, the others keep that of the live list, and an other item stands
    /// before the ordered ones that followed it in the live list.
    static func ordered(
        _ items: [Value], by order: [Value], live: [Value], mergeKey: String
    ) throws(APIStatus) -> [Value] {
        let wanted = positions(order, mergeKey)
        let lived = positions(live, mergeKey)
        var first: [(position: Int, item: Value)] = []
        var others: [(position: Int, item: Value)] = []
        for item in items {
            let key = mergeKey.isEmpty ? item : try key(of: item, mergeKey)
            if let position = wanted[key] {
                first.append((position, item))
            } else {
                others.append((lived[key] ?? Int.max, item))
            }
        }
        first = stablySorted(first)
        others = stablySorted(others)
        var result: [Value] = []
        var next = 0
        for entry in first {
            let key = mergeKey.isEmpty ? entry.item : entry.item[mergeKey] ?? .null
            if let position = lived[key] {
                while next < others.count, others[next].position < position {
                    result.append(others[next].item)
                    next += 1
                }
            }
            result.append(entry.item)
        }
        return result + others[next...].map(\.item)
    }

    private static func stablySorted(_ items: [(position: Int, item: Value)]) -> [(position: Int, item: Value)] {
        items.enumerated()
            .sorted { ($0.element.position, $0.offset) < ($1.element.position, $1.offset) }
            .map(\.element)
    }

    /// The items of the patch must come in the order of the directive, and all be in it.
    private static func checkOrder(_ patch: [Value], _ order: [Value], mergeKey: String) throws(APIStatus) {
        guard !order.isEmpty, !patch.isEmpty else { return }
        let keys = try order.map { item throws(APIStatus) in mergeKey.isEmpty ? item : try key(of: item, mergeKey) }
        var next = 0
        for item in patch where item[Directive.patch] == nil {
            let wanted = mergeKey.isEmpty ? item : try key(of: item, mergeKey)
            while next < keys.count, keys[next] != wanted { next += 1 }
            guard next < keys.count else { throw orderMismatch(patch, order) }
            next += 1
        }
    }

    private static func positions(_ items: [Value], _ mergeKey: String) -> [Value: Int] {
        var positions: [Value: Int] = [:]
        for (position, item) in items.enumerated() {
            guard let key = mergeKey.isEmpty ? item : item[mergeKey], positions[key] == nil else { continue }
            positions[key] = position
        }
        return positions
    }

    private static func key(of item: Value, _ mergeKey: String) throws(APIStatus) -> Value {
        guard let key = item[mergeKey] else {
            throw .badRequest("map: \(JSON.text(item)) does not contain declared merge key: \(mergeKey)")
        }
        return key
    }

    private static func list(_ value: Value?) throws(APIStatus) -> [Value]? {
        guard let value, !value.isNull else { return nil }
        guard let list = value.array else { throw badOrder }
        return list
    }

    private static let badOrder = APIStatus.badRequest("invalid patch format of setElementOrder list")
    private static let listOfLists = APIStatus(
        code: 422, reason: .invalid, message: "lists of lists are not supported")
    private static func orderMismatch(_ patch: [Value], _ order: [Value]) -> APIStatus {
        .badRequest(
            "The order in patch list:\n\(JSON.text(.array(patch)))\n doesn't match $setElementOrder list:\n"
                + "\(JSON.text(.array(order)))\n")
    }
}
