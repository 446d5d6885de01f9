using HunyuanOrleans.Model.Checkpoints;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Loading;

/// <summary>A random model of about 290 MB: many batches to load and more chunks than are sampled.</summary>
public sealed class MediumModel : IDisposable
{
    private readonly TempFolder _folder = new();

    public MediumModel() => RandomModel.Write(
        new RandomModelOptions
        {
            ModelType = "hunyuan_v1_moe",
            Layers = 6,
            Hidden = 768,
            Heads = 6,
            KvHeads = 2,
            HeadDim = 128,
            Intermediate = 896,
            Experts = 8,
            Vocab = 8192,
            ClaFactor = 1,
            Tied = false,
            MaxPositions = 1024,
        },
        Folder);

    public string Folder => _folder.File("model");

    public void Dispose() => _folder.Dispose();
}

/// <summary>Tests that measure the process, so nothing else may run beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MediumModelCollection : ICollectionFixture<MediumModel>
{
    public const string Name = "alone, on a model of 290 MB";
}
