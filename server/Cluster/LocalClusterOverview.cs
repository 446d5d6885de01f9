using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Server.Cluster;

/// <summary>Reports a model in this process as a cluster of one silo.</summary>
internal sealed class LocalClusterOverview : IClusterOverview
{
    private volatile LoadedModel? _model;

    /// <summary>Reports a model from now on, and counts the tokens of its experts unless a GPU computes. The model must not be computing.</summary>
    public void SetModel(ModelRunner model)
    {
        // A GPU would have to wait for the host in every layer, and could not replay its steps.
        ExpertCounter? counter = model.Options.Device is null ? new ExpertCounter(model.Config) : null;
        model.Observer = counter;
        _model = new LoadedModel(model.Config, counter, model.WeightBytes, model.Cache.TotalBytes);
    }

    /// <inheritdoc/>
    public ValueTask<ClusterOverview?> ReadAsync(CancellationToken cancellationToken) => ValueTask.FromResult(_model?.Describe());

    private sealed record LoadedModel(ModelConfig Config, ExpertCounter? Counter, long WeightBytes, long KvBytes)
    {
        public ClusterOverview Describe()
        {
            int last = Config.Layers - 1;
            bool mixture = Config.Experts > 1;
            SiloOverview silo = new(
                Environment.MachineName,
                [new LayerRange(0, last)],
                mixture ? [new ExpertRange(Config.FirstMoeLayer, last, 0, Config.Experts - 1)] : [])
            {
                RunsScheduler = true,
                WeightBytes = WeightBytes,
                KvBytes = KvBytes,
            };
            return new ClusterOverview(Config.Layers, Config.Experts, Counter?.Read() ?? [], [silo])
            {
                SingleProcess = true,
                FirstExpertLayer = mixture ? Config.FirstMoeLayer : 0,
                ExpertsPerToken = mixture ? Config.TopK(last) : 1,
            };
        }
    }
}
