namespace Orleans;

/// <summary>Why an activation ends.</summary>
/// <param name="code">The kind of reason.</param>
/// <param name="exception">What failed, if something did.</param>
/// <param name="text">The reason in words.</param>
public readonly struct DeactivationReason(DeactivationReasonCode code, Exception? exception, string text)
{
    /// <summary>A reason without a failure.</summary>
    public DeactivationReason(DeactivationReasonCode code, string text) : this(code, null, text) { }

    /// <summary>The reason in words.</summary>
    public string Description { get; } = text;

    /// <summary>The kind of reason.</summary>
    public DeactivationReasonCode ReasonCode { get; } = code;

    /// <summary>What failed, if something did.</summary>
    public Exception? Exception { get; } = exception;

    /// <inheritdoc/>
    public override string ToString() => Exception is null ? $"{ReasonCode}: {Description}" : $"{ReasonCode}: {Description}. Exception: {Exception}";
}

/// <summary>The kinds of reasons for which activations end. Not all occur here.</summary>
public enum DeactivationReasonCode : byte
{
    /// <summary>None yet.</summary>
    None,
    /// <summary>The silo stops.</summary>
    ShuttingDown,
    /// <summary>Activating it failed.</summary>
    ActivationFailed,
    /// <summary>Does not occur here.</summary>
    DirectoryFailure,
    /// <summary>It was idle for long.</summary>
    ActivationIdle,
    /// <summary>Does not occur here.</summary>
    ActivationUnresponsive,
    /// <summary>Does not occur here.</summary>
    DuplicateActivation,
    /// <summary>Does not occur here.</summary>
    IncompatibleRequest,
    /// <summary>Does not occur here.</summary>
    ApplicationError,
    /// <summary>It asked for it.</summary>
    ApplicationRequested,
    /// <summary>It moves to another silo.</summary>
    Migrating,
    /// <summary>Does not occur here.</summary>
    RuntimeRequested,
    /// <summary>Does not occur here.</summary>
    HighMemoryPressure,
}
