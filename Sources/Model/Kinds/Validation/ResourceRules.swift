internal import ObjectModel

/// The rules of a container's requests and limits.
enum ResourceRules {
    private static let standardNames: Set = ["cpu", "memory", "ephemeral-storage"]

    static func container(_ resources: Value?, _ path: FieldPath) -> [FieldError] {
        guard let resources else { return [] }
        let limits = resources.quantities("limits")
        let requests = resources.quantities("requests")
        var errors: [FieldError] = []
        for name in limits.keys.sorted() {
            errors += amount(name, limits[name], path.child("limits").key(name))
        }
        for name in requests.keys.sorted() {
            errors += amount(name, requests[name], path.child("requests").key(name))
            errors += request(name, requests[name], limit: limits[name], path)
        }
        if hasHugePages(limits) || hasHugePages(requests), !hasCompute(limits), !hasCompute(requests) {
            errors.append(Rules.forbidden(path, "HugePages require cpu or memory"))
        }
        return errors
    }

    static func nonNegative(_ quantity: Quantity?, _ path: FieldPath) -> [FieldError] {
        guard let quantity, quantity.isNegative else { return [] }
        return [Rules.invalid(path, .string(quantity.text), Rules.notNegative)]
    }

    static func positive(_ quantity: Quantity?, _ path: FieldPath) -> [FieldError] {
        guard let quantity, quantity.isNegative || quantity.isZero else { return [] }
        return [Rules.invalid(path, .string(quantity.text), Rules.notPositive)]
    }

    private static func amount(_ name: String, _ quantity: Quantity?, _ path: FieldPath) -> [FieldError] {
        var errors = Rules.qualifiedName(name, path)
        if errors.isEmpty, !name.contains("/"), !standardNames.contains(name), !isHugePages(name) {
            errors.append(Rules.invalid(path, .string(name), "must be a standard resource for containers"))
        }
        return errors + nonNegative(quantity, path)
    }

    private static func request(
        _ name: String, _ quantity: Quantity?, limit: Quantity?, _ path: FieldPath
    ) -> [FieldError] {
        guard let quantity else { return [] }
        let isNative = !name.contains("/") || name.contains("kubernetes.io/")
        let mayExceed = isNative && !isHugePages(name)
        guard let limit else {
            return mayExceed
                ? []
                : [Rules.required(path.child("limits"), "Limit must be set for non overcommitable resources")]
        }
        let requests = path.child("requests")
        if !mayExceed, quantity != limit {
            return [
                Rules.invalid(requests, .string(quantity.text), "must be equal to \(name) limit of \(limit.text)")
            ]
        }
        if quantity > limit {
            return [
                Rules.invalid(
                    requests, .string(quantity.text), "must be less than or equal to \(name) limit of \(limit.text)")
            ]
        }
        return []
    }

    private static func isHugePages(_ name: String) -> Bool { name.hasPrefix("hugepages-") }
    private static func hasHugePages(_ amounts: [String: Quantity]) -> Bool {
        amounts.keys.contains(where: isHugePages)
    }
    private static func hasCompute(_ amounts: [String: Quantity]) -> Bool {
        amounts["cpu"] != nil || amounts["memory"] != nil
    }
}
