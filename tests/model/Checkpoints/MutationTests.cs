using System.Text;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Checkpoints.Gguf;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Tests.Checkpoints.PyTorch;
using HunyuanOrleans.Model.Tests.Quantization;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Checkpoints;

/// <summary>
/// Ten thousand damaged files over all readers: each is refused with a clear error that names it, or is read within its bounds; none makes the reader
/// allocate much more than the file has.
/// </summary>
public sealed class MutationTests : IDisposable
{
    private static readonly byte[] JsonSigns = [.. "0123456789{}[]\",:"u8];

    private static readonly RandomModelOptions Small = new()
    {
        Hidden = 64, Layers = 1, Heads = 2, KvHeads = 1, HeadDim = 32, Intermediate = 64, Experts = 2, TopK = 1, SharedExperts = 1, ClaFactor = 1, Vocab = 64,
    };

    private readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void Damaged_gguf_files() => Run(4000, "model.gguf", Gguf(), header: 3000, static path => ReadAll(path));

    [Fact]
    public void Damaged_safetensors_files()
    {
        RandomModel.Write(Small, _temp.File("source"));
        byte[] original = File.ReadAllBytes(Path.Combine(_temp.File("source"), "model.safetensors"));
        Run(2000, "model.safetensors", original, header: 3000, static path => ReadAll(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public void Damaged_files_of_PyTorch() =>
        Run(2000, "pytorch_model.bin", PyTorchBytes.Example().Write(), header: int.MaxValue, static path => ReadAll(Path.GetDirectoryName(path)!));

    [Fact]
    public void Damaged_configs_of_quantised_models()
    {
        QuantizedCopy copy = QuantizedCopy.Integers(TestPaths.Model("tiny-cla"), 4, 32, symmetric: true);
        using TempFolder folder = copy.Write(
            """{"quant_method": "gptq", "bits": 4, "group_size": 32, "sym": true, "desc_act": false, "checkpoint_format": "gptq"}""", static (n, m) => PublishedForms.Gptq(n, m));
        byte[] original = File.ReadAllBytes(folder.File("config.json"));
        foreach (string file in Directory.EnumerateFiles(folder.Root))
        {
            File.Copy(file, _temp.File(Path.GetFileName(file)));
        }

        Run(2000, "config.json", original, header: int.MaxValue, static path =>
        {
            string directory = Path.GetDirectoryName(path)!;
            using Checkpoint checkpoint = Checkpoint.Open(directory);
            new Weights(ModelConfig.Load(directory), checkpoint).Validate();
        });
    }

    private void Run(int rounds, string name, byte[] original, int header, Action<string> read)
    {
        Random random = new(20261130);
        string path = _temp.File(name);
        int refused = 0;
        for (int round = 0; round < rounds; round++)
        {
            byte[] damaged = FileDamage.Of(original, random, JsonSigns, header);
            File.WriteAllBytes(path, damaged);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                read(path);
            }
            catch (ModelException e)
            {
                Assert.Contains(_temp.Root, e.Message, StringComparison.Ordinal);
                refused++;
            }

            // Objects for tensors and messages take more than the bytes that describe them, but no claim of a header is believed.
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < (64L * original.Length) + (8 << 20), $"Round {round}: {allocated} bytes were allocated for a file of {damaged.Length}.");
        }

        Assert.InRange(refused, rounds / 4, rounds);
    }

    // Reads every byte of every tensor, so that a view outside the file would show.
    private static void ReadAll(string path)
    {
        using Checkpoint checkpoint = Checkpoint.Open(path);
        long sum = 0;
        foreach (TensorView tensor in checkpoint.Tensors)
        {
            foreach (byte value in tensor.Slice(0, (int)tensor.ByteLength))
            {
                sum += value;
            }
        }

        Assert.True(sum >= 0);
        if (path.EndsWith(".gguf", StringComparison.Ordinal))
        {
            new Weights(ModelConfig.Load(path), checkpoint).Validate();
        }
    }

    private byte[] Gguf()
    {
        RandomModel.Write(Small, _temp.File("source"));
        string file = _temp.File("source.gguf");
        GgufVocabulary vocabulary = new("hunyuan", [.. Enumerable.Range(0, 64).Select(static i => $"t{i}")], [.. Enumerable.Repeat(1, 64)], ["t0 t1"], "{{ messages }}");
        GgufConversion.ToFile(_temp.File("source"), file, "q8_0", vocabulary);
        return File.ReadAllBytes(file);
    }
}
