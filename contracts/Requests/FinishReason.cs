namespace HunyuanOrleans.Contracts.Requests;

/// <summary>Why an answer ended.</summary>
public enum FinishReason
{
    /// <summary>The answer has not ended.</summary>
    None,

    /// <summary>The answer reached a stop id, an end-of-text id or a stop string, or its constraint is complete.</summary>
    Stop,

    /// <summary>The answer reached its largest number of tokens.</summary>
    Length,

    /// <summary>The caller cancelled the answer.</summary>
    Cancelled,

    /// <summary>The answer failed; the error text says why.</summary>
    Error,
}
