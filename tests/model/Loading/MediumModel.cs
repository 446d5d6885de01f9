using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Loading;

/// <summary>A random model of about 290 MB, which takes many batches to load and has more chunks than samples.</summary>
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

/// <summary>Tests that measure the memory of the process, so no other test may run at the same time.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MediumModelCollection : ICollectionFixture<MediumModel>
{
    public const string Name = "medium model, not parallel";
}
