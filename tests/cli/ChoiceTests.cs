using System.Globalization;
using System.Text;
using System.Text.Json;
using HunyuanOrleans.Cli.Measuring;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>The verb eval with --choices: questions whose choices are compared by their log-likelihood.</summary>
public sealed class ChoiceTests
{
    // The tolerance of the recorded logits, for each token of a sum.
    private const double Tolerance = 4e-4;

    private static readonly ChoiceItem English = new("Which is a colour? ", ["stone", "green"], 1, "words");
    private static readonly ChoiceItem Chinese = new("哪个是颜色？", ["石", "绿"], 1, null);

    private static string Questions => Path.Combine(TestPaths.Data, "choices", "questions.jsonl");

    private static string Shots => Path.Combine(TestPaths.Data, "choices", "shots.jsonl");

    public static IEnumerable<object[]> Models => GoldenCase.Names.Select(name => new object[] { name });

    [Theory]
    [MemberData(nameof(Models))]
    public void Log_likelihoods_are_those_of_the_publishers_code(string name)
    {
        GoldenPrompt golden = GoldenCase.Load(name).PromptOfLength(33);
        using ModelRunner model = Load(golden.ModelFolder, ComputeMode.F32, batch: 8, rows: 3);
        LikelihoodScorer scorer = new(model);
        foreach (int start in new[] { 32, 20, 1, 31, 9 })
        {
            double expected = Enumerable.Range(start, 33 - start).Sum(position => LogProbability(golden, position - 1, golden.Ids[position]));
            Assert.Equal(expected, scorer.Score(golden.Ids, start, default), Tolerance * (33 - start));
        }
    }

    [Fact]
    public void Shared_beginnings_change_no_bit()
    {
        GoldenPrompt golden = GoldenCase.Load("tiny-share4").PromptOfLength(33);
        using ModelRunner model = Load(golden.ModelFolder, ComputeMode.Bf16, batch: 7, rows: 5);
        LikelihoodScorer scorer = new(model);
        int[] ids = golden.Ids, other = [.. ids[..20], .. ids[..9]];
        (int[] Ids, int Start)[] questions =
        [
            (ids, 20), (other, 20), (ids, 20), (ids[..21], 20), ([.. ids[..20], 7], 20), (ids[..2], 1), ([5, 6], 1), (ids, 30), (other, 10), (ids, 31), (ids, 32),
        ];
        // In turn, each uses what the one before it left.
        double[] alone = [.. questions.Select(q => new LikelihoodScorer(model).Score(q.Ids, q.Start, default))];
        Assert.Equal(alone, questions.Select(q => scorer.Score(q.Ids, q.Start, default)));
    }

    [Fact]
    public void The_demo_model_knows_its_own_questions_best_as_a_chat()
    {
        using TempFolder temp = new();
        JsonElement json = CliProcess.Run(
            "eval", "--choices", Questions, "--chat", "--score", "text", "--mode", "f32", "--out", temp.File("out"), "--json").Json();
        Assert.Equal(32, json.GetProperty("items").GetInt32());
        Assert.Equal(("f32", "text", 0), (json.GetProperty("types").GetString(), json.GetProperty("score").GetString(), json.GetProperty("shots").GetInt32()));
        double accuracy = json.GetProperty("accuracy").GetDouble();
        Assert.InRange(accuracy, 0.8, 1);
        Assert.Equal(Math.Sqrt(accuracy * (1 - accuracy) / 31), json.GetProperty("accuracy_stderr").GetDouble(), 12);
        Assert.Equal(["capitals", "首都", "sums", "乘法", "colours"], json.GetProperty("subjects").EnumerateArray().Select(s => s.GetProperty("subject").GetString()));

        JsonElement[] lines = [.. File.ReadAllLines(temp.File("out")).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(accuracy, lines.Average(line => line.GetProperty("right").GetBoolean() ? 1.0 : 0), 12);
        Assert.Equal(json.GetProperty("normalised_accuracy").GetDouble(), lines.Average(line => line.GetProperty("normalised_right").GetBoolean() ? 1.0 : 0), 12);
        Assert.All(lines, line => Assert.Equal(4, line.GetProperty("log_likelihoods").EnumerateArray().Count(sum => sum.GetDouble() < 0)));
    }

    [Fact]
    public void Quantised_forms_are_compared_on_the_same_questions()
    {
        Dictionary<string, double> accuracies = [];
        foreach (string form in new[] { "int8", "int4" })
        {
            JsonElement json = CliProcess.Run("eval", "--choices", Questions, "--chat", "--score", "text", "--quant", form, "--json").Json();
            Assert.Equal($"bf16-{form}", json.GetProperty("types").GetString());
            accuracies[form] = json.GetProperty("accuracy").GetDouble();
        }

        Assert.All(accuracies.Values, accuracy => Assert.InRange(accuracy, 0.75, 1));
    }

    [Fact]
    public void Plain_output_has_both_accuracies_with_their_errors_and_the_subjects()
    {
        CliResult result = CliProcess.Run("eval", "--choices", Questions, "--shots", Shots);
        Assert.Equal((0, ""), (result.Code, result.Error));
        string[] lines = result.Output.TrimEnd('\n').Split('\n');
        Assert.Equal("32 questions, 3 shots, scored by letter, bf16", lines[0]);
        Assert.Matches(@"^accuracy             \d+\.\d % ± \d+\.\d %$", lines[1]);
        Assert.Matches(@"^normalised accuracy  \d+\.\d % ± \d+\.\d %$", lines[2]);
        Assert.Equal(["subject", "capitals", "首都", "sums", "乘法", "colours"], lines[3..].Select(line => line.Split(' ')[0]));
    }

    [Fact]
    public void Questions_become_texts_to_continue()
    {
        ChoicePrompt letters = new(ByLetter: true), texts = new(ByLetter: false);
        Assert.Equal("Which is a colour?\nA. stone\nB. green\nAnswer:", letters.Context([], English));
        Assert.Equal("Which is a colour?\nAnswer:", texts.Context([], English));
        Assert.Equal("哪个是颜色？\nA. 石\nB. 绿\n答案：", letters.Context([], Chinese));
        Assert.Equal((" B", " green", "B", "绿"), (
            letters.Continuation(English, 1), texts.Continuation(English, 1), letters.Continuation(Chinese, 1), texts.Continuation(Chinese, 1)));
        Assert.Equal("哪个是颜色？\n答案：绿\n\nWhich is a colour?\nAnswer:", texts.Context([Chinese], English));
    }

    [Fact]
    public void Shots_are_for_their_own_subject_and_earlier_turns_of_a_chat()
    {
        PromptEncoder encoder = new(TestPaths.DemoModel);
        ChoicePrompt prompt = new(ByLetter: true);
        ChoiceItem other = English with { Question = "Other?", Subject = "other" };
        EncodedChoices text = Assert.Single(new ChoiceEncoder(encoder, prompt, null).Encode([English], [Chinese, other, English], 4096));
        Assert.Equal(prompt.Context([Chinese, English], English) + " A", encoder.Tokenizer.Decode(text.Sequences[0].Ids));
        Assert.Equal(encoder.Tokenizer.Encode(prompt.Context([Chinese, English], English)).Length, text.Sequences[0].Start);
        Assert.Equal([1, 1], text.Lengths);

        EncodedChoices chat = Assert.Single(new ChoiceEncoder(encoder, prompt, "Be brief.").Encode([English], [Chinese], 4096));
        string shown = encoder.Tokenizer.Decode(chat.Sequences[1].Ids);
        Assert.Contains("Be brief.", shown, StringComparison.Ordinal);
        Assert.Contains("哪个是颜色？\nA. 石\nB. 绿", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("答案", shown, StringComparison.Ordinal);
        Assert.Equal("B", encoder.Tokenizer.Decode(chat.Sequences[1].Ids.AsSpan(chat.Sequences[1].Start)));
    }

    [Fact]
    public void A_token_with_the_end_of_the_context_counts_as_part_of_the_choice()
    {
        using TempFolder temp = new();
        string[] tokens = File.ReadAllLines(Path.Combine(TestPaths.DemoModel, "hy.tiktoken"));
        string merged = $"{Convert.ToBase64String(Encoding.UTF8.GetBytes("：绿"))} {tokens.Length}";
        temp.Write("hy.tiktoken", string.Join('\n', [.. tokens, merged]));
        PromptEncoder encoder = new(temp.Root);
        ChoicePrompt prompt = new(ByLetter: false);
        ChoiceItem item = Chinese with { Choices = ["绿", "绿绿", "石绿"] };
        EncodedChoices encoded = Assert.Single(new ChoiceEncoder(encoder, prompt, null).Encode([item], [], 4096));
        Assert.Equal(
            ["：绿", "：绿绿", "石绿"],
            encoded.Sequences.Select(sequence => encoder.Tokenizer.Decode(sequence.Ids.AsSpan(sequence.Start))));
        Assert.All(encoded.Sequences, sequence => Assert.StartsWith(prompt.Context([], item), encoder.Tokenizer.Decode(sequence.Ids), StringComparison.Ordinal));
    }

    [Fact]
    public void The_normalised_choice_is_the_likeliest_per_character()
    {
        EncodedChoices question = new(English, [([1, 2], 1), ([1, 3], 1)], [10, 2]);
        ChoiceAnswer answer = ChoiceAnswer.Of(question, [-6, -4]);
        Assert.Equal((1, 0, true, false), (answer.Choice, answer.NormalisedChoice, answer.Right, answer.NormalisedRight));
        MultipleChoiceResult result = MultipleChoiceResult.Of("bf16", 0, "text", [(English, answer), (Chinese, answer)]);
        Assert.Equal((1, 0, 0, 0), (result.Accuracy, result.AccuracyStderr, result.NormalisedAccuracy, result.NormalisedAccuracyStderr));
        Assert.Equal([new ChoiceSubject("words", 1, 1, 0)], result.Subjects);
        Assert.Null(MultipleChoiceResult.Of("bf16", 0, "text", [(English, answer)]).AccuracyStderr);
    }

    [Theory]
    [InlineData("""{"question":"q","choices":["a","b"],"answer":1}""")]
    [InlineData("""{"question":"q","choices":["a","b"],"answer":"B"}""")]
    [InlineData("""{"question":"q","choices":["a","b"],"answer":"b","id":7}""")]
    [InlineData("""{"question":"q","A":"a","B":"b","answer":"B"}""")]
    public void Answers_are_indices_or_letters_and_choices_a_list_or_fields(string line)
    {
        using TempFolder temp = new();
        ChoiceItem item = Assert.Single(ChoiceFile.Read(temp.Write("data", line + "\n\n")));
        Assert.Equal(("q", "a", "b", 1, (string?)null), (item.Question, item.Choices[0], item.Choices[1], item.Answer, item.Subject));
    }

    [Theory]
    [InlineData("""{"question":"q","choices":["a","b"],"answer":2}""", "line 1", "\"answer\"", "0 to 1", "A to B")]
    [InlineData("""{"question":"q","choices":["a","b"],"answer":"C"}""", "line 1", "\"answer\"")]
    [InlineData("""{"question":"q","choices":["a","b"],"answer":"1"}""", "line 1", "\"answer\"")]
    [InlineData("""{"question":"q","choices":["a","b"]}""", "line 1", "\"answer\"")]
    [InlineData("""{"question":"q","choices":["a"],"answer":0}""", "line 1", "\"choices\"", "2 to 26")]
    [InlineData("""{"question":"q","choices":["a",""],"answer":0}""", "line 1", "\"choices\"")]
    [InlineData("""{"question":"q","choices":["a",3],"answer":0}""", "line 1", "\"choices\"")]
    [InlineData("""{"question":"q","A":"a","answer":"A"}""", "line 1", "\"choices\"")]
    [InlineData("""{"choices":["a","b"],"answer":0}""", "line 1", "\"question\"")]
    [InlineData("{", "line 1", "JSON")]
    [InlineData("", "no questions")]
    public void The_error_names_an_invalid_line(string line, params string[] parts)
    {
        using TempFolder temp = new();
        CliProcess.Run("eval", "--choices", temp.Write("data", line + "\n")).FailedWith(1, parts);
    }

    [Theory]
    [InlineData("eval --choices x --data y", "--choices", "--data")]
    [InlineData("eval --choices x --kl", "--choices", "--kl")]
    [InlineData("eval --choices x --max-tokens 5", "--choices", "--max-tokens")]
    [InlineData("eval --choices x --score words", "--score", "'words'", "letter or text")]
    [InlineData("eval --choices x --system y", "--system", "--chat")]
    [InlineData("eval --data x --shots y", "--shots", "--choices")]
    [InlineData("eval --data x --chat", "--chat", "--choices")]
    public void Options_that_do_not_fit_together_are_refused(string line, params string[] parts) => CliProcess.Run(line.Split(' ')).FailedWith(2, parts);

    [Fact]
    public void A_question_that_is_longer_than_the_context_is_refused_before_the_model_is_loaded()
    {
        using TempFolder temp = new();
        string question = string.Create(CultureInfo.InvariantCulture, $$"""{"question":"{{new string('词', 5000)}}","choices":["a","b"],"answer":0}""");
        CliProcess.Run("eval", "--choices", temp.Write("data", question)).FailedWith(1, "Question 1", "4096");
    }

    private static ModelRunner Load(string folder, ComputeMode mode, int batch, int rows) => ModelRunner.Load(
        folder, new ModelOptions { Mode = mode, Threads = 1, KvTokens = 64, MaxBatchTokens = batch, MaxLogitRows = rows });

    private static double LogProbability(GoldenPrompt golden, int position, int id)
    {
        ReadOnlySpan<float> row = golden.Logits.AsSpan(position * golden.Vocabulary, golden.Vocabulary);
        double sum = 0;
        foreach (float logit in row)
        {
            sum += Math.Exp(logit);
        }

        return row[id] - Math.Log(sum);
    }
}
