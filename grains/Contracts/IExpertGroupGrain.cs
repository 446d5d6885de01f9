using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Contracts;

/// <summary>
/// Experts of a range of layers on one silo. The result of a call depends on its message alone, so a call can be repeated. The key is a
/// <see cref="Placement.PinnedKey"/>.
/// </summary>
[Alias("hunyuan.IExpertGroupGrain")]
public interface IExpertGroupGrain : IGrainWithStringKey
{
    /// <summary>
    /// Begins to load the weights of the group that are missing, and waits for them a moment at most. The caller repeats the call until they are loaded.
    /// </summary>
    /// <param name="epoch">Epoch of the scheduler that calls.</param>
    /// <param name="version">Version of the route that the weights are for.</param>
    /// <exception cref="GrainCallException">The weights cannot be loaded; the message says why.</exception>
    [Alias("LoadAsync"), ResponseTimeout("00:00:30")]
    Task<LoadState> LoadAsync(long epoch, long version);

    /// <summary>Begins to load the parts of adapters that are not in the silo's memory, and waits for them a moment at most.</summary>
    /// <param name="adapters">The adapters.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>True once they are loaded; false if the same call must be made again.</returns>
    /// <exception cref="AdapterUnavailableException">An adapter cannot be loaded.</exception>
    [Alias("LoadAdaptersAsync")]
    Task<bool> LoadAdaptersAsync(AdapterMessage[] adapters, CancellationToken cancellationToken);

    /// <summary>Computes the experts' outputs for rows of one layer. The caller limits its wait, by the bytes of the rows.</summary>
    /// <exception cref="NotLoadedException">Weights are missing: load again.</exception>
    /// <exception cref="AdapterUnavailableException">An adapter of the rows cannot be loaded.</exception>
    [Alias("ForwardAsync")]
    Task<ExpertReply> ForwardAsync(ExpertMessage message, CancellationToken cancellationToken);
}
