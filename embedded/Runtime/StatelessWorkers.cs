namespace Orleans.Runtime;

/// <summary>A silo's activations of stateless worker grains.</summary>
internal sealed class StatelessWorkers(SiloCore silo)
{
    private readonly Dictionary<GrainId, List<Mailbox>> _workers = [];

    /// <summary>An idle worker, or a new one, or the least loaded.</summary>
    public Mailbox Choose(GrainDirectory directory, GrainClass grainClass, GrainId id)
    {
        lock (_workers)
        {
            if (!_workers.TryGetValue(id, out var workers)) _workers[id] = workers = [];
            var best = workers.MinBy(static w => w.Load);
            if (best is not null && (best.Load == 0 || workers.Count >= ((StatelessWorkerPlacement)grainClass.Placement).MaxLocal)) return best;
            workers.Add(new Mailbox(directory, grainClass, id, silo));
            return workers[^1];
        }
    }

    public void Remove(Mailbox worker)
    {
        lock (_workers)
        {
            if (_workers.TryGetValue(worker.Id, out var workers) && workers.Remove(worker) && workers.Count == 0) _workers.Remove(worker.Id);
        }
    }
}
