using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Train.Parameters;

namespace HunyuanOrleans.Train.Layers;

/// <summary>The weights of a whole model and what is trained of them. It does not compute: see <see cref="Transformer"/>.</summary>
public sealed class TrainedModel : IDisposable
{
    private readonly List<IDisposable> _owned;

    internal TrainedModel(List<IDisposable> owned) => _owned = owned;

    /// <summary>The model's shapes.</summary>
    public required ModelConfig Config { get; init; }

    /// <summary>The embedding as it is stored, for models whose embedding is not trained.</summary>
    public required RowSource EmbeddingRows { get; init; }

    /// <summary>The embedding if it is trained.</summary>
    public required Parameter? Embedding { get; init; }

    /// <summary>The layers.</summary>
    public required IReadOnlyList<Layer> Layers { get; init; }

    /// <summary>The last norm.</summary>
    public required Norm FinalNorm { get; init; }

    /// <summary>The output projection, [vocabulary, hidden]. If it is tied and trained, its weight is <see cref="Embedding"/>.</summary>
    public required Linear Head { get; init; }

    /// <summary>Everything that is trained, in the order of the forward pass.</summary>
    public required IReadOnlyList<Parameter> Parameters { get; init; }

    /// <summary>Layers whose weights are trained, and must be packed again after a step.</summary>
    public required IReadOnlyList<Linear> TrainedLinears { get; init; }

    /// <summary>The settings of the adapters; null if the weights themselves are trained.</summary>
    public required LoraSettings? Lora { get; init; }

    /// <summary>Bytes of the packed weights.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>Number of values that are trained.</summary>
    public long TrainedValues => Parameters.Sum(static parameter => parameter.Count);

    /// <summary>Finds a trained tensor by its name in the checkpoint.</summary>
    /// <exception cref="ModelException">There is none.</exception>
    public Parameter Find(string name) =>
        Parameters.FirstOrDefault(parameter => parameter.Name == name) ?? throw new ModelException($"The tensor {name} is not trained in this run.");

    /// <inheritdoc/>
    public void Dispose()
    {
        for (int i = _owned.Count - 1; i >= 0; i--)
        {
            _owned[i].Dispose();
        }
    }
}
