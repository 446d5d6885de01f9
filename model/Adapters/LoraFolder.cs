using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Adapters;

/// <summary>
/// A LoRA adapter as PEFT saves it, checked against a model: every tensor belongs to a module of the model and fits it. The files stay mapped until it is
/// disposed. It loads nothing (see <see cref="LoraAdapter"/>).
/// </summary>
public sealed class LoraFolder : IDisposable
{
    private const string Prefix = "base_model.model.", EndingA = ".lora_A.weight", EndingB = ".lora_B.weight";
    private readonly LoraTensors _tensors;

    private LoraFolder(LoraConfig config, LoraTensors tensors, List<LoraModule> modules)
    {
        Config = config;
        _tensors = tensors;
        Modules = modules;
    }

    /// <summary>The adapter's settings.</summary>
    public LoraConfig Config { get; }

    /// <summary>The modules that it changes, in the order of the file.</summary>
    public IReadOnlyList<LoraModule> Modules { get; }

    /// <summary>Opens an adapter for a model.</summary>
    /// <param name="directory">The adapter's folder.</param>
    /// <param name="model">The model.</param>
    /// <exception cref="ModelException">The adapter is damaged, does not fit the model, or asks for something that is not supported.</exception>
    public static LoraFolder Open(string directory, ModelConfig model)
    {
        LoraConfig config = LoraConfig.Load(directory);
        LoraTensors tensors = LoraTensors.Open(directory);
        try
        {
            return new LoraFolder(config, tensors, Match(config, tensors, model));
        }
        catch
        {
            tensors.Dispose();
            throw;
        }
    }

    /// <summary>Unmaps the files.</summary>
    public void Dispose() => _tensors.Dispose();

    private static List<LoraModule> Match(LoraConfig config, LoraTensors tensors, ModelConfig model)
    {
        Dictionary<string, AdaptedPlace> places = AdaptedPlaces.Of(model);
        Dictionary<string, (TensorView? A, TensorView? B)> found = new(StringComparer.Ordinal);
        foreach (TensorView tensor in tensors.Tensors)
        {
            (string module, bool isA) = ModuleOf(tensors.Source, tensor.Name);
            if (!places.ContainsKey(module))
            {
                throw new ModelException(
                    $"{tensors.Source}: tensor \"{tensor.Name}\" adapts a module that cannot be adapted; allowed: {AdaptedPlaces.WhyNot(model, module)}.");
            }

            found.TryGetValue(module, out (TensorView? A, TensorView? B) pair);
            found[module] = isA ? (tensor, pair.B) : (pair.A, tensor);
        }

        CheckTargets(config, tensors.Source, found.Keys);

        // Some modules have two names.
        if (found.Keys.GroupBy(module => (places[module].Layer, places[module].Expert, places[module].Projection)).FirstOrDefault(static same => same.Count() > 1) is { } twice)
        {
            throw new ModelException($"{tensors.Source}: \"{twice.First()}\" and \"{twice.Last()}\" are one module; allowed: one of both names.");
        }

        return [.. found.Select(entry => Module(config, tensors.Source, places[entry.Key], entry.Value.A, entry.Value.B))];
    }

    private static (string Module, bool IsA) ModuleOf(string source, string tensor)
    {
        bool isA = tensor.EndsWith(EndingA, StringComparison.Ordinal), isB = tensor.EndsWith(EndingB, StringComparison.Ordinal);
        return tensor.StartsWith(Prefix, StringComparison.Ordinal) && (isA || isB)
            ? (tensor[Prefix.Length..^(isA ? EndingA : EndingB).Length], isA)
            : throw new ModelException(
                $"{source}: tensor \"{tensor}\" is not supported; allowed: {Prefix}<module>{EndingA} and {EndingB}, as PEFT saves LoRA adapters.");
    }

    private static void CheckTargets(LoraConfig config, string source, IReadOnlyCollection<string> modules)
    {
        if (modules.Count == 0)
        {
            throw new ModelException($"{source}: the adapter has no tensors; allowed: at least one module.");
        }

        foreach (string target in config.Targets ?? [])
        {
            if (!modules.Any(module => module == target || module.EndsWith("." + target, StringComparison.Ordinal)))
            {
                throw new ModelException($"{source}: no tensor belongs to \"{target}\", which target_modules of {config.Source} lists; allowed: tensors for all of them.");
            }
        }

        foreach (string module in modules)
        {
            if (config.Targets is { } targets && !targets.Any(target => module == target || module.EndsWith("." + target, StringComparison.Ordinal)))
            {
                throw new ModelException($"{source}: module \"{module}\" has tensors, but target_modules of {config.Source} does not list it; allowed: {string.Join(", ", targets)}.");
            }
        }
    }

    private static LoraModule Module(LoraConfig config, string source, AdaptedPlace place, TensorView? a, TensorView? b)
    {
        if (a is null || b is null)
        {
            throw new ModelException($"{source}: module \"{place.Name}\" has no {(a is null ? "lora_A" : "lora_B")}; allowed: both tensors.");
        }

        int rank = config.RankOf(place.Name);
        CheckShape(a, rank, place.Inputs, config);
        CheckShape(b, place.Outputs, rank, config);
        return new LoraModule(place, a, b, config.ScaleOf(place.Name));
    }

    private static void CheckShape(TensorView tensor, int rows, int columns, LoraConfig config)
    {
        if (tensor.Shape.Length != 2 || tensor.Shape[0] != rows || tensor.Shape[1] != columns)
        {
            throw new ModelException(
                $"{tensor.File}: tensor \"{tensor.Name}\" has shape {tensor.ShapeText}; allowed: [{rows}, {columns}], as the model and {config.Source} ask for.");
        }

        if (tensor.StoredType is not (StoredType.F32 or StoredType.BF16 or StoredType.F16))
        {
            throw new ModelException($"{tensor.File}: tensor \"{tensor.Name}\" is stored as {tensor.StoredType.Name()}; allowed: F32, BF16, F16.");
        }
    }
}
