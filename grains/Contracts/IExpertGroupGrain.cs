using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Contracts;

/// <summary>
/// Experts of a range of layers on one silo. A call depends on nothing but its message, so that repeating it changes nothing. The key is a
/// <see cref="Placement.PinnedKey"/>.
/// </summary>
public interface IExpertGroupGrain : IGrainWithStringKey
{
    /// <summary>Loads what is missing of the group's weights.</summary>
    /// <param name="epoch">The scheduler that asks.</param>
    /// <param name="version">The route it is for.</param>
    /// <exception cref="GrainCallException">It cannot be loaded; the message says why.</exception>
    [ResponseTimeout("01:00:00")]
    Task LoadAsync(long epoch, long version);

    /// <summary>Runs rows through experts of one layer.</summary>
    /// <exception cref="NotLoadedException">Weights are missing: load again.</exception>
    [ResponseTimeout("00:10:00")]
    Task<ExpertReply> ForwardAsync(ExpertMessage message, CancellationToken cancellationToken);
}
