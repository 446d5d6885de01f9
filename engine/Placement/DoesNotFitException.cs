using HunyuanOrleans.Model;

namespace HunyuanOrleans.Engine.Placement;

/// <summary>The silos cannot hold the model.</summary>
/// <param name="message">Which part lacks how much.</param>
/// <param name="missingBytes">Bytes that are missing at least.</param>
public sealed class DoesNotFitException(string message, long missingBytes) : ModelException(message)
{
    /// <summary>Bytes that are missing at least.</summary>
    public long MissingBytes { get; } = missingBytes;
}
