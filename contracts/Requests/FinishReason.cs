namespace HunyuanOrleans.Contracts.Requests;

/// <summary>Why an answer ended.</summary>
public enum FinishReason
{
    /// <summary>It has not.</summary>
    None,

    /// <summary>A stop id, an end-of-text id or a stop string came.</summary>
    Stop,

    /// <summary>The allowed number of tokens was reached.</summary>
    Length,

    /// <summary>The caller gave up.</summary>
    Cancelled,

    /// <summary>The step failed; see the error text.</summary>
    Error,
}
