using System.Text.Json;
using HunyuanOrleans.Model;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Train.Data;
using Xunit;

namespace HunyuanOrleans.Train.Tests;

/// <summary>Data files become examples with the publisher's labels, and wrong lines are reported before anything is trained.</summary>
public sealed class DataTests
{
    [SkippableFact]
    public void Labels_follow_the_publishers_rule()
    {
        Skip.If(TestPaths.SharedGolden is null, "The training references are not beside the checkout.");
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(TestPaths.SharedGolden!, "sft", "masking", "cases.json")));
        AnswerMarks marks = new(json.RootElement.GetProperty("extra_0_id").GetInt32(), json.RootElement.GetProperty("eos_id").GetInt32());
        int cases = 0;
        foreach (JsonElement entry in json.RootElement.GetProperty("cases").EnumerateArray())
        {
            string name = entry.GetProperty("name").GetString()!;
            int[] ids = Ints(entry.GetProperty("input_ids")), labels = Ints(entry.GetProperty("labels"));

            // Labels are made before the cut, so a cut case is checked as far as its ids go: the missing end labels everything up to it.
            if (ids.Length < entry.GetProperty("max_seq_length").GetInt32())
            {
                Assert.Equal(labels, marks.Label(ids));
                cases++;
            }

            // Text that looks like a special token is ordinary text here and a special token in the publisher's script.
            if (!name.StartsWith("literal", StringComparison.Ordinal))
            {
                using TempFolder temp = new();
                string file = temp.Write("data.jsonl", $"{{\"messages\":{JsonSerializer.Serialize(entry.GetProperty("messages"))}}}\n");
                ExampleReader reader = new(Path.Combine(TestPaths.SharedGolden!, "tokenizer"), vocabulary: 129024);
                int length = entry.GetProperty("max_seq_length").GetInt32();
                if (labels.All(static label => label == TrainingExample.Ignored))
                {
                    Assert.Contains("no line has a token to train", Assert.Throws<ModelException>(() => reader.Read(file, length)).Message, StringComparison.Ordinal);
                    continue;
                }

                TrainingExample example = Assert.Single(reader.Read(file, length).Examples);
                Assert.Equal(ids, example.Ids);
                Assert.Equal(labels, example.Labels);
                int[] predicted = [.. new MicroBatch([example]).PredictingRows];
                Assert.Equal(Ints(entry.GetProperty("predicted_positions")), predicted);
            }
        }

        Assert.True(cases >= 5);
    }

    [Fact]
    public void Text_of_special_tokens_in_messages_is_ordinary_text()
    {
        using TempFolder temp = new();
        string file = temp.Write("data.jsonl", """{"messages":[{"role":"user","content":"What does <|eos|> mean?"},{"role":"assistant","content":"It ends."}]}""");
        TrainingExample example = Assert.Single(new ExampleReader(TestPaths.DemoModel, 4608).Read(file, 4096).Examples);
        Assert.Equal(1, example.Ids.Count(static id => id == 4340));
        Assert.Equal(example.Ids.Length - 1, Array.FindLastIndex(example.Labels, static label => label == 4340));
    }

    [Fact]
    public void Wrong_lines_are_reported_by_number()
    {
        using TempFolder temp = new();
        string file = temp.Write("data.jsonl", """
            {"input_ids":[1,2,3],"labels":[-100,2,3]}
            {"input_ids":[1,2],"labels":[1]}

            {"input_ids":[1,700],"labels":[1,2]}
            not json
            {"messages":[{"role":"user","content":"a"}]}
            {"text":"a"}
            {"messages":[{"role":"robot","content":"a"},{"role":"assistant","content":"b"}]}
            """);
        ModelException error = Assert.Throws<ModelException>(() => new ExampleReader(TestPaths.DemoModel, 512).Read(file, 4096));
        foreach (string part in (string[])["6 of 8 lines", "line 2: input_ids has 2 entries and labels has 1", "line 4: input_ids[1] is 700; allowed: 0 to 511", "line 5: not valid JSON", "line 6: no message has the role assistant", "line 7: it must be an object", "line 8: messages[0].role is 'robot'"])
        {
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Long_examples_are_cut_and_counted()
    {
        using TempFolder temp = new();
        string file = temp.Write("data.jsonl", """
            {"input_ids":[1,2,3,4,5,6],"labels":[-100,2,3,4,5,6]}
            {"input_ids":[1,2,3],"labels":[-100,2,3]}
            {"input_ids":[1,2,3,4,5],"labels":[-100,-100,-100,-100,5]}
            """);
        TrainingData data = new ExampleReader(TestPaths.DemoModel, 512).Read(file, 4);
        Assert.Equal([[1, 2, 3, 4], [1, 2, 3]], data.Examples.Select(static example => example.Ids));
        Assert.Equal((1, 2, 1), (data.CutLines, data.CutTokens, data.UntrainedLines));
    }

    [Fact]
    public void Every_pass_takes_every_example_once_and_has_its_own_order()
    {
        TrainingExample[] examples = [.. Enumerable.Range(0, 7).Select(static i => new TrainingExample([i, i], [i, i], i + 1, 0))];
        BatchSequence shuffled = new(examples, 3, shuffleSeed: 5), again = new(examples, 3, shuffleSeed: 5);
        List<int[]> passes = [.. Enumerable.Range(0, 4).Select(pass => Enumerable.Range(0, 3).SelectMany(i => shuffled[(pass * 3) + i].Examples.Select(static e => e.Line)).ToArray())];
        Assert.All(passes, static pass => Assert.Equal(Enumerable.Range(1, 7), pass.Order()));
        Assert.True(passes.DistinctBy(static pass => string.Join(',', pass)).Count() > 1);
        Assert.Equal(passes[2][..3], again[6].Examples.Select(static e => e.Line));
        Assert.Equal([1, 2, 3], new BatchSequence(examples, 3, null)[3].Examples.Select(static e => e.Line));
    }

    private static int[] Ints(JsonElement json) => [.. json.EnumerateArray().Select(static value => value.GetInt32())];
}
