/// An action with what to tell about its outcome.
package struct PlannedAction: Sendable {
    /// What to do.
    package var action: Action
    /// Told when it was done. The name is appended to its message when the server made one (`generateName`).
    package var onSuccess: EventNote?
    /// Told when it failed; the error's text is appended to its message.
    package var onFailure: EventNote?
    /// What to write when it failed, made from the error's text: a condition that tells of it. Of several that fail
    /// together the first one counts. Nothing is written after a conflict, or when trying again is of no use.
    package var afterFailure: (@Sendable (_ error: String) -> Action?)?

    /// An action.
    package init(
        _ action: Action, onSuccess: EventNote? = nil, onFailure: EventNote? = nil,
        afterFailure: (@Sendable (_ error: String) -> Action?)? = nil
    ) {
        self.action = action
        self.onSuccess = onSuccess
        self.onFailure = onFailure
        self.afterFailure = afterFailure
    }
}

/// What to do about a key, in order. The first failing step ends it: nothing after it is tried.
package struct Plan: Sendable {
    /// Actions that belong together.
    package enum Step: Sendable {
        /// One action.
        case one(PlannedAction)
        /// Several at the same time, in growing batches (`first`, then twice as many, at most 16): a failing batch ends
        /// the step.
        case together([PlannedAction], first: Int = 1)
    }

    /// The steps, in order.
    package var steps: [Step]
    /// Look again after this time, even if nothing changes.
    package var recheckAfter: Duration?
    /// Why this is the plan, for logs and people.
    package var explanation: String

    /// A plan.
    package init(steps: [Step] = [], recheckAfter: Duration? = nil, explanation: String = "") {
        self.steps = steps
        self.recheckAfter = recheckAfter
        self.explanation = explanation
    }

    /// A plan of single actions.
    package init(_ actions: [Action], recheckAfter: Duration? = nil, explanation: String = "") {
        self.init(
            steps: actions.map { .one(PlannedAction($0)) }, recheckAfter: recheckAfter, explanation: explanation)
    }

    /// Nothing to do.
    package static let nothing = Plan()

    /// Whether there is nothing to do.
    package var isEmpty: Bool { steps.isEmpty }

    /// Every action, in order.
    package var actions: [Action] {
        steps.flatMap { step in
            switch step {
            case .one(let planned): [planned.action]
            case .together(let planned, _): planned.map(\.action)
            }
        }
    }

    /// Adds a step of one action.
    package mutating func append(_ action: Action, onSuccess: EventNote? = nil, onFailure: EventNote? = nil) {
        steps.append(.one(PlannedAction(action, onSuccess: onSuccess, onFailure: onFailure)))
    }

    /// Adds a step of several actions; none adds nothing.
    package mutating func append(together actions: [PlannedAction], first: Int = 1) {
        if !actions.isEmpty { steps.append(.together(actions, first: first)) }
    }

    /// Asks to look again after `duration`, or earlier when that was asked for already.
    package mutating func recheck(after duration: Duration) {
        recheckAfter = min(recheckAfter ?? duration, duration)
    }
}
