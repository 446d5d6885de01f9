using System.Text.Json.Nodes;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Checkpoints;

/// <summary>Errors of an index that does not match its shards.</summary>
public sealed class ShardErrorTests : IDisposable
{
    private const string Index = "model.safetensors.index.json";
    private const string Norm = "model.layers.0.input_layernorm.weight";

    private readonly TempFolder folder = TempFolder.CopyOf(TestPaths.Model("tiny-cla"));

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Missing_shard()
    {
        File.Delete(folder.File("model-00002-of-00003.safetensors"));
        Refused(folder.File(Index), "shard model-00002-of-00003.safetensors is missing", "lists it for \"model.layers.");
    }

    [Fact]
    public void Truncated_shard()
    {
        string shard = folder.File("model-00003-of-00003.safetensors");
        using (FileStream stream = File.OpenWrite(shard))
        {
            stream.SetLength(stream.Length - 1);
        }

        Refused(shard, "it is truncated", "tensor \"");
    }

    [Fact]
    public void Tensor_of_the_index_in_no_shard()
    {
        EditMap(map => map["model.ghost"] = "model-00001-of-00003.safetensors");
        Refused(folder.File(Index), "tensor \"model.ghost\" is listed in shard model-00001-of-00003.safetensors, but the shard does not hold it");
    }

    [Fact]
    public void Tensor_in_another_shard_than_listed()
    {
        EditMap(map => map[Norm] = "model-00003-of-00003.safetensors");
        Refused(folder.File(Index), $"tensor \"{Norm}\" is listed in shard model-00003-of-00003.safetensors, but it is stored in");
    }

    [Fact]
    public void Tensor_in_two_shards()
    {
        File.WriteAllBytes(folder.File("extra.safetensors"), SafetensorsBytes.Make(
            $$$"""{"{{{Norm}}}":{"dtype":"BF16","shape":[64],"data_offsets":[0,128]},"x":{"dtype":"I8","shape":[1],"data_offsets":[128,129]}}""", 129));
        EditMap(map => map["x"] = "extra.safetensors");
        Refused("", $"tensor \"{Norm}\" is also stored in", "each tensor once");
    }

    [Theory]
    [InlineData("../model-00001-of-00003.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("..")]
    [InlineData("")]
    public void Shard_outside_the_folder(string shard)
    {
        EditMap(map => map[Norm] = shard);
        Refused(folder.File(Index), $"tensor \"{Norm}\"", "allowed: the name of a file in the same folder");
    }

    [Theory]
    [InlineData("{}", "\"weight_map\" is missing")]
    [InlineData("{\"weight_map\": []}", "\"weight_map\" is missing or not an object")]
    [InlineData("{\"weight_map\": {}}", "\"weight_map\" is empty")]
    [InlineData("{\"weight_map\": {\"a\": 1}}", "tensor \"a\" is listed in 1")]
    [InlineData("{\"weight_map\": {\"a\": \"x\", \"a\": \"x\"}}", "not valid JSON")]
    [InlineData("{\"weight_map\"", "not valid JSON")]
    public void Broken_index(string text, string expected)
    {
        File.WriteAllText(folder.File(Index), text);
        Refused(folder.File(Index), expected);
    }

    [Fact]
    public void Shards_without_their_index()
    {
        File.Delete(folder.File(Index));
        File.Delete(folder.File("model-00002-of-00003.safetensors"));
        Refused(folder.Root, "the download is incomplete; missing: model-00002-of-00003.safetensors, model.safetensors.index.json.");
    }

    [Fact]
    public void No_weights()
    {
        foreach (string file in Directory.GetFiles(folder.Root))
        {
            File.Delete(file);
        }

        Refused(folder.Root, "no weights found", "allowed: a folder with model.safetensors");
    }

    [Fact]
    public void Single_file_beside_an_index_that_does_not_list_it()
    {
        File.Copy(folder.File("model-00001-of-00003.safetensors"), folder.File("model.safetensors"));
        Refused(folder.Root, "both model.safetensors and model.safetensors.index.json", "allowed: one of the two");
    }

    [Fact]
    public void No_folder() =>
        Assert.Contains("no such folder", Assert.Throws<ModelException>(() => Checkpoint.Open(folder.File("no"))).Message, StringComparison.Ordinal);

    private void EditMap(Action<JsonObject> edit)
    {
        JsonNode root = JsonNode.Parse(File.ReadAllText(folder.File(Index)))!;
        edit(root["weight_map"]!.AsObject());
        File.WriteAllText(folder.File(Index), root.ToJsonString());
    }

    private void Refused(string start, params string[] expected)
    {
        ModelException e = Assert.Throws<ModelException>(() => Checkpoint.Open(folder.Root));
        Assert.StartsWith(start, e.Message);
        Assert.All(expected, part => Assert.Contains(part, e.Message, StringComparison.Ordinal));
    }
}
