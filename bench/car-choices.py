"""Multiple choice with the sentences of a car_test.jsonl, for `hunyuan eval --choices`.

car-choices.py FILE turns the sentences of a file with {"input", "label"} on each line into questions of four choices. The choices
of a sentence are its label, 无 where that is not the label, and the next other labels of the file. The right one moves by one
place from line to line.

car-choices.py --compare FILE FILE compares two files that `eval --out` wrote for the same questions: in how many the same choice
is the likeliest, and the mean distance between the log-likelihoods of a choice.
"""
import json
import sys


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def print_questions(path):
    items = read(path)
    labels = [item["label"] for item in items]
    for i, item in enumerate(items):
        choices = [item["label"]]
        for label in ["无"] + labels[i + 1:] + labels[:i]:
            if label not in choices and len(choices) < 4:
                choices.append(label)
        turn = i % 4
        choices = choices[turn:] + choices[:turn]
        print(json.dumps({"question": item["input"], "choices": choices, "answer": choices.index(item["label"])}, ensure_ascii=False))


def compare(expected_path, actual_path):
    expected, actual = read(expected_path), read(actual_path)
    if [line["question"] for line in expected] != [line["question"] for line in actual]:
        sys.exit(f"{expected_path} and {actual_path} have other questions.")
    same = sum(one["choice"] == other["choice"] for one, other in zip(expected, actual))
    distances = [abs(a - b) for one, other in zip(expected, actual)
                 for a, b in zip(one["log_likelihoods"], other["log_likelihoods"], strict=True)]
    print(f"{actual_path}: the choice of {expected_path} in {same} of {len(expected)}, "
          f"mean distance of log-likelihoods {sum(distances) / len(distances):.2g}")


match sys.argv[1:]:
    case ["--compare", expected, actual]:
        compare(expected, actual)
    case [path]:
        print_questions(path)
    case _:
        sys.exit(__doc__)
