/// How often things go wrong, each as a probability for one request, line or call; the times are the longest.
package struct FaultRates: Sendable {
    /// A request takes its time.
    package var delay = 0.3
    /// The longest time of a request.
    package var longestDelay = Duration.seconds(2)
    /// The server is not reached.
    package var unreachable = 0.01
    /// Somebody else wrote first.
    package var conflict = 0.01
    /// The write is done, and nobody is told.
    package var lostReply = 0.01
    /// The process ends before or after one of its requests.
    package var crash = 0.002
    /// A watch lags.
    package var lag = 0.1
    /// The longest lag.
    package var longestLag = Duration.seconds(5)
    /// A watch ends.
    package var cut = 0.01
    /// A watch is told that its revision is gone.
    package var expired = 0.003
    /// A watch that begins again is given events a second time.
    package var repeats = 0.2
    /// The store refuses a write.
    package var storeFailure = 0.003
    /// A runtime call fails.
    package var runtimeFailure = 0.02
    /// A runtime call takes its time.
    package var runtimeDelay = 0.3
    /// The longest time of a runtime call.
    package var longestRuntimeDelay = Duration.seconds(3)

    /// The usual rates.
    package init() {}

    /// Nothing goes wrong.
    package static let none: FaultRates = {
        var rates = FaultRates()
        rates.delay = 0
        rates.unreachable = 0
        rates.conflict = 0
        rates.lostReply = 0
        rates.crash = 0
        rates.lag = 0
        rates.cut = 0
        rates.expired = 0
        rates.repeats = 0
        rates.storeFailure = 0
        rates.runtimeFailure = 0
        rates.runtimeDelay = 0
        return rates
    }()
}
