/// A selector over labels: every requirement must hold. No requirements select everything.
package struct LabelSelector: Sendable, Hashable {
    /// How a requirement compares.
    package enum Operator: String, Sendable {
        case `in` = "In"
        case notIn = "NotIn"
        case exists = "Exists"
        case doesNotExist = "DoesNotExist"
    }

    /// One condition on one label.
    package struct Requirement: Sendable, Hashable {
        /// The label's key.
        package let key: String
        /// How to compare.
        package let comparison: Operator
        /// With what; empty for Exists and DoesNotExist.
        package let values: [String]

        /// A condition on the label `key`.
        package init(key: String, comparison: Operator, values: [String] = []) {
            self.key = key
            self.comparison = comparison
            self.values = values
        }

        /// Whether labels meet it.
        package func matches(_ labels: [String: String]) -> Bool {
            let value = labels[key]
            switch comparison {
            case .in: return value.map(values.contains) ?? false
            case .notIn: return !(value.map(values.contains) ?? false)
            case .exists: return value != nil
            case .doesNotExist: return value == nil
            }
        }
    }

    /// The conditions.
    package let requirements: [Requirement]

    /// A selector of these conditions.
    package init(requirements: [Requirement]) { self.requirements = requirements }

    /// Selects objects that have all these labels.
    package init(matchLabels: [String: String]) {
        requirements = matchLabels.sorted { $0.key < $1.key }
            .map { Requirement(key: $0.key, comparison: .in, values: [$0.value]) }
    }

    /// Reads a metav1.LabelSelector; nil when an operator is unknown or its values do not fit. An absent selector
    /// (null) selects nothing and is nil too; an empty one selects everything.
    package init?(_ selector: Value?) {
        guard let selector, selector.fields != nil else { return nil }
        var requirements = LabelSelector(matchLabels: selector["matchLabels"]?.stringMap ?? [:]).requirements
        for expression in selector["matchExpressions"]?.array ?? [] {
            guard let key = expression["key"]?.string,
                let comparison = expression["operator"]?.string.flatMap(Operator.init(rawValue:))
            else { return nil }
            let values = expression["values"]?.array?.compactMap(\.string) ?? []
            let needsValues = comparison == .in || comparison == .notIn
            guard needsValues != values.isEmpty else { return nil }
            requirements.append(Requirement(key: key, comparison: comparison, values: values))
        }
        self.requirements = requirements
    }

    /// Whether labels meet every condition.
    package func matches(_ labels: [String: String]) -> Bool {
        requirements.allSatisfy { $0.matches(labels) }
    }

    /// The text form, as `?labelSelector=` has it.
    package var text: String {
        requirements.map { requirement in
            switch requirement.comparison {
            case .in where requirement.values.count == 1: "\(requirement.key)=\(requirement.values[0])"
            case .in: "\(requirement.key) in (\(requirement.values.sorted().joined(separator: ",")))"
            case .notIn where requirement.values.count == 1: "\(requirement.key)!=\(requirement.values[0])"
            case .notIn: "\(requirement.key) notin (\(requirement.values.sorted().joined(separator: ",")))"
            case .exists: requirement.key
            case .doesNotExist: "!\(requirement.key)"
            }
        }.joined(separator: ",")
    }
}

extension LabelSelector {
    /// Reads the text form: `k=v`, `k==v`, `k!=v`, `k in (a,b)`, `k notin (a)`, `k`, `!k`, joined by commas.
    package static func parse(_ text: String) throws(APIStatus) -> LabelSelector {
        var requirements: [Requirement] = []
        for part in splitOutsideParentheses(text) {
            let term = trimmed(part)
            if term.isEmpty { continue }
            guard let requirement = requirement(term) else {
                throw .badRequest("unable to parse requirement: \(term)")
            }
            if let problem = NameRules.qualifiedName(requirement.key).first {
                throw .badRequest(
                    "unable to parse requirement: <nil>: Invalid value: \"\(requirement.key)\": \(problem)")
            }
            requirements.append(requirement)
        }
        return LabelSelector(requirements: requirements)
    }

    private static func requirement(_ term: String) -> Requirement? {
        if term.hasPrefix("!") {
            let key = trimmed(String(term.dropFirst()))
            return key.isEmpty ? nil : Requirement(key: key, comparison: .doesNotExist)
        }
        if term.hasSuffix(")"), let open = term.firstIndex(of: "(") {
            let words = term[..<open].split(separator: " ").map(String.init)
            let values = term[term.index(after: open)...].dropLast()
                .split(separator: ",", omittingEmptySubsequences: false).map { trimmed(String($0)) }
            guard words.count == 2, words[1] == "in" || words[1] == "notin" else { return nil }
            return Requirement(key: words[0], comparison: words[1] == "in" ? .in : .notIn, values: values)
        }
        guard let sign = term.firstIndex(of: "=") else {
            return term.contains(" ") ? nil : Requirement(key: term, comparison: .exists)
        }
        var key = term[..<sign]
        var value = term[term.index(after: sign)...]
        let negated = key.hasSuffix("!")
        if negated { key = key.dropLast() }
        if !negated, value.hasPrefix("=") { value = value.dropFirst() }
        return Requirement(
            key: trimmed(String(key)), comparison: negated ? .notIn : .in, values: [trimmed(String(value))])
    }

    private static func splitOutsideParentheses(_ text: String) -> [String] {
        var parts = [""]
        var depth = 0
        for character in text {
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            if character == ",", depth == 0 {
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
        }
        return parts
    }

    private static func trimmed(_ text: String) -> String {
        String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}

/// A selector over fields, such as `status.phase=Running,metadata.name!=x`.
package struct FieldSelector: Sendable, Hashable {
    /// One condition on one field.
    package struct Term: Sendable, Hashable {
        /// The field's label, such as `spec.nodeName`.
        package let field: String
        /// The value to compare with.
        package let value: String
        /// Whether the field must differ.
        package let negated: Bool

        /// The condition that `field` is (or is not) `value`.
        package init(field: String, value: String, negated: Bool = false) {
            self.field = field
            self.value = value
            self.negated = negated
        }
    }

    /// The conditions; all must hold.
    package let terms: [Term]

    /// A selector of these conditions.
    package init(terms: [Term]) { self.terms = terms }

    /// Reads the text form. Values may hold `\`-escaped commas, equal signs and backslashes.
    package static func parse(_ text: String) throws(APIStatus) -> FieldSelector {
        var terms: [Term] = []
        for part in split(text) where !part.isEmpty {
            guard let sign = part.firstIndex(of: "=") else {
                throw .badRequest("invalid field selector: '\(part)'; can't understand '\(part)'")
            }
            var field = part[..<sign]
            var value = part[part.index(after: sign)...]
            let negated = field.hasSuffix("!")
            if negated { field = field.dropLast() } else if value.hasPrefix("=") { value = value.dropFirst() }
            terms.append(Term(field: String(field), value: unescaped(value), negated: negated))
        }
        return FieldSelector(terms: terms)
    }

    /// Whether the fields that `lookup` finds meet every condition. An absent field is the empty string.
    package func matches(_ lookup: (String) -> String) -> Bool {
        terms.allSatisfy { (lookup($0.field) == $0.value) != $0.negated }
    }

    /// The value that `field` is required to have, when a term says so.
    package func requiredValue(of field: String) -> String? {
        terms.first { $0.field == field && !$0.negated }?.value
    }

    /// The text form.
    package var text: String {
        terms.map { "\($0.field)\($0.negated ? "!=" : "=")\($0.value)" }.joined(separator: ",")
    }

    private static func split(_ text: String) -> [String] {
        var parts = [""]
        var escaped = false
        for character in text {
            if character == ",", !escaped {
                parts.append("")
                continue
            }
            parts[parts.count - 1].append(character)
            escaped = character == "\\" && !escaped
        }
        return parts
    }

    private static func unescaped(_ text: Substring) -> String {
        var result = ""
        var escaped = false
        for character in text {
            if character == "\\", !escaped {
                escaped = true
                continue
            }
            result.append(character)
            escaped = false
        }
        return result
    }
}
