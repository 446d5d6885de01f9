using HunyuanOrleans.Model;

namespace HunyuanOrleans.Engine.Placement;

/// <summary>Thrown if the silos cannot hold the model.</summary>
/// <param name="message">Which part of the model lacks how much memory.</param>
/// <param name="missingBytes">Lower bound of the missing memory, in bytes.</param>
public sealed class DoesNotFitException(string message, long missingBytes) : ModelException(message)
{
    /// <summary>Lower bound of the missing memory, in bytes.</summary>
    public long MissingBytes { get; } = missingBytes;
}
