namespace HunyuanOrleans.Grains.Execution;

/// <summary>
/// The loading of a plan. It ends early if a silo of the plan leaves the cluster or is started again, so that the next plan need not wait for the others. It
/// does not know plans.
/// </summary>
internal sealed class LoadingAttempt : IDisposable
{
    private readonly ClusterView _view;
    private readonly CancellationTokenSource _stop;

    /// <summary>Begins an attempt.</summary>
    /// <param name="silos">Names of the silos that load.</param>
    /// <param name="view">The cluster.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public LoadingAttempt(IEnumerable<string> silos, ClusterView view, CancellationToken cancellationToken)
    {
        _view = view;
        Members = silos.Distinct().ToDictionary(static silo => silo, view.Find);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    }

    /// <summary>The silos that load, with their addresses; null for one that has gone already.</summary>
    public IReadOnlyDictionary<string, SiloAddress?> Members { get; }

    /// <summary>Cancelled when the attempt ends early.</summary>
    public CancellationToken Cancelled => _stop.Token;

    /// <summary>Ends the attempt if a silo of it has gone. Any thread may call it until the attempt is disposed.</summary>
    public void CancelIfLost()
    {
        if (_view.Lost(Members).Length > 0)
        {
            _ = _stop.CancelAsync();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();
}
